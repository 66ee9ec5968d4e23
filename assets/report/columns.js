/* The column chooser. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, set, say, answer } = page;

  let view = null;

  function allColumns() {
    return JSON.parse(by("report-columns-panel").dataset.chooser);
  }

  function fillChooser() {
    const panel = by("report-columns-panel");
    if (panel.childElementCount) return;
    const head = document.createElement("div");
    head.className = "column-head";
    const all = document.createElement("button");
    all.type = "button";
    all.className = "btn btn-quiet btn-sm";
    all.textContent = "Show all";
    all.addEventListener("click", () => chosen(allColumns().flatMap(({ columns }) => columns.map(({ id }) => id))));
    head.append(Object.assign(document.createElement("strong"), { textContent: "Columns" }), all);
    const sets = document.createElement("div");
    sets.className = "column-sets";
    for (const { group, columns } of allColumns()) {
      const box = document.createElement("div");
      box.className = "column-set";
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", group);
      const whole = checkbox(group, group, () => {
        const ids = columns.map(({ id }) => id);
        const shown = view.columns.filter((id) => !ids.includes(id));
        chosen(whole.querySelector("input").checked ? [...shown, ...ids] : shown);
      });
      whole.classList.add("column-whole");
      whole.querySelector("input").dataset.columns = columns.map(({ id }) => id).join(" ");
      box.append(whole);
      for (const { id, label: words } of columns) {
        const one = checkbox(words, `${group}: ${words}`, () => {
          const shown = view.columns.filter((other) => other !== id);
          chosen(one.querySelector("input").checked ? [...shown, id] : shown);
        });
        one.querySelector("input").dataset.columns = id;
        box.append(one);
      }
      sets.append(box);
    }
    panel.append(head, sets);
  }

  /* The columns of a report that the view shows, as layouts/table.py gives them. */
  function shownColumns(specs) {
    const hidden = allColumns().flatMap(({ columns }) => columns.map(({ id }) => id)).filter((id) => !view.columns.includes(id));
    const shown = [];
    for (const { id, name } of specs) {
      if (hidden.includes(id)) continue;
      const last = shown[shown.length - 1];
      // Neighbours of one name would be merged in the lower header too: an invisible character keeps them apart.
      shown.push({ id, name: [name[0], last && last.name[1] === name[1] ? `${name[1]}\u200b` : name[1]] });
    }
    return shown;
  }

  function checkbox(words, name, changed) {
    const line = document.createElement("label");
    line.className = "check";
    const input = Object.assign(document.createElement("input"), { type: "checkbox" });
    input.className = "form-check-input";
    input.setAttribute("aria-label", name);
    input.addEventListener("change", changed);
    line.append(input, Object.assign(document.createElement("span"), { textContent: words }));
    return line;
  }

  function chosen(ids) {
    const known = allColumns().flatMap(({ columns }) => columns.map(({ id }) => id));
    const columns = known.filter((id) => ids.includes(id));
    if (!columns.length) {
      say("At least one column stays: choose another one first.");
      paintChooser();
      return;
    }
    set("view-store", { data: { ...view, columns } });
    set("report-chosen", { data: columns });
  }

  function paintChooser() {
    const panel = by("report-columns-panel");
    for (const input of panel.querySelectorAll("input")) {
      const ids = input.dataset.columns.split(" ");
      const shown = ids.filter((id) => view.columns.includes(id)).length;
      input.checked = shown === ids.length;
      input.indeterminate = shown > 0 && shown < ids.length;
    }
  }

  answer("report", {
    choose(now) {
      const before = view && JSON.stringify(view.columns);
      view = now;
      page.attachInfo();
      fillChooser();
      paintChooser();
      if (before === null || before === JSON.stringify(now.columns)) return;
      for (const tableId of Object.keys(page.sheets)) page.forget(tableId);
      for (const tableId of Object.keys(page.sheets)) set(tableId, { columns: shownColumns(page.sheets[tableId].columns) });
    },
  });
})();
