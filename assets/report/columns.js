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
    head.append(Object.assign(document.createElement("strong"), { textContent: "Columns" }));
    for (const [name, ids] of JSON.parse(panel.dataset.sets)) {
      const ready = document.createElement("button");
      ready.type = "button";
      ready.className = "btn btn-quiet btn-sm column-ready";
      ready.textContent = name;
      ready.dataset.columns = ids.join(" ");
      ready.addEventListener("click", () => chosen(ids));
      head.append(ready);
    }
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

  /* What is looked at stays where it is: the first group in view, or the one that is folded. */
  let held = null; // [name of a group, its place in the window]

  const headOf = (name) =>
    Array.from(document.querySelectorAll("#report-table tr:nth-child(1) th[scope=colgroup]")).find((head) => head.dataset.group === name);

  function hold(name) {
    const head = headOf(name);
    held = head ? [name, head.getBoundingClientRect().left] : null;
  }

  function stay() {
    if (!held) return;
    const [name, left] = held;
    held = null;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const head = headOf(name);
        if (head) by("report-grid").scrollLeft += head.getBoundingClientRect().left - left;
      }),
    );
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

  /* A group is folded when of its columns only the main one is shown. */

  const groupOf = (name) => allColumns().find(({ group }) => group === name);
  const before = {}; // by group: what was shown of it when it was folded

  const shownOf = ({ columns }) => columns.map(({ id }) => id).filter((id) => view.columns.includes(id));

  /* Whether the group can be folded or unfolded, and is folded: true, false, or null for what has one column alone. */
  function isFolded(name) {
    const group = view && groupOf(name);
    if (!group || group.columns.length < 2) return null;
    return shownOf(group).length < 2;
  }

  function fold(name) {
    hold(name);
    const group = groupOf(name);
    const ids = group.columns.map(({ id }) => id);
    const others = view.columns.filter((id) => !ids.includes(id));
    if (isFolded(name)) chosen([...others, ...(before[name] || ids)]);
    else {
      before[name] = shownOf(group);
      chosen([...others, group.main]);
    }
  }

  Object.assign(page, { isFolded, fold });

  function countColumns() {
    const all = allColumns().flatMap(({ columns }) => columns);
    const words = `${view.columns.length} of ${all.length}`;
    by("report-columns-count").textContent = words;
    by("report-columns").title = `${words} columns are shown`;
  }

  function paintChooser() {
    countColumns();
    const panel = by("report-columns-panel");
    for (const ready of panel.querySelectorAll(".column-ready")) {
      ready.setAttribute("aria-pressed", String(page.same(ready.dataset.columns.split(" ").sort(), [...view.columns].sort())));
    }
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
      stay();
      for (const tableId of Object.keys(page.sheets)) set(tableId, { columns: shownColumns(page.sheets[tableId].columns) });
    },
  });
})();
