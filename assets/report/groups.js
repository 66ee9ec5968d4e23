/* Groups of columns: on a narrow screen one at a time, chosen by tabs over the table. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  const NARROW = "(max-width: 640px)";
  const narrow = window.matchMedia(NARROW);
  const rules = new CSSStyleSheet(); // written by script, which no policy for style sheets keeps from it
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules];

  let chosen = null; // the group that is looked at, by its name
  let known = ""; // what the tabs were made for

  /* The groups that the table shows now: [name, ids of its columns]. */
  function groupsOf(tableId) {
    const sheet = page.sheets[tableId];
    const table = by(page.GRID_OF[tableId]).querySelector("table.cell-table");
    if (!sheet || !table || table.rows.length < page.HEADER_ROWS) return [];
    const found = new Map();
    for (const head of Array.from(table.rows[1].cells).slice(sheet.fixed)) {
      const id = head.dataset.dashColumn;
      const column = sheet.columns.find((item) => item.id === id);
      if (!column) continue;
      const name = column.name[0];
      found.set(name, [...(found.get(name) || []), id]);
    }
    return Array.from(found);
  }

  /* Called whenever the table has changed. */
  function paintTabs() {
    const groups = groupsOf("report-table");
    const wanted = JSON.stringify([groups, narrow.matches && chosen]);
    if (wanted === known) return;
    known = wanted;
    if (!groups.some(([name]) => name === chosen)) chosen = groups.length ? groups[0][0] : null;
    const place = by("report-tabs");
    place.replaceChildren(
      ...groups.map(([name]) => {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.className = "group-tab";
        tab.textContent = name;
        tab.setAttribute("aria-pressed", String(name === chosen));
        tab.addEventListener("click", () => show(name));
        return tab;
      }),
    );
    place.classList.toggle("is-one", groups.length < 2);
    const hidden = groups.filter(([name]) => name !== chosen).flatMap(([, ids]) => ids);
    const cells = hidden.map((id) => `[data-dash-column="${CSS.escape(id)}"]`).join(",");
    rules.replaceSync(cells ? `@media screen and ${NARROW} { :is(#report-grid, #again-grid) :is(td, th):is(${cells}) { display: none } }` : "");
  }

  function show(name) {
    const grid = by("report-grid");
    chosen = name;
    paintTabs();
    grid.scrollLeft = 0;
    const tab = by("report-tabs").querySelector("[aria-pressed=true]");
    tab.focus({ preventScroll: true });
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  narrow.addEventListener("change", () => page.sheets["report-table"] && paintTabs());

  Object.assign(page, { paintTabs });
})();
