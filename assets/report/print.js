/* Print: the whole report, not its window; dark on white whatever the theme, and one page wide. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  const PAGE = 970; // pixels between the margins of a page on its side: of the narrower of A4 and Letter
  const LARGEST = 8; // points
  let theme = null; // of the screen, while something is printed

  window.addEventListener("beforeprint", () => {
    const root = document.documentElement;
    theme = theme || root.dataset.bsTheme;
    root.dataset.bsTheme = "light";
    for (const [tableId, gridId] of Object.entries(page.GRID_OF)) {
      const grid = by(gridId);
      const sheet = page.sheets[tableId];
      const table = grid && grid.querySelector("table.cell-table");
      if (!sheet || !table || !table.rows.length || grid.closest(".is-closed")) continue;
      const shown = Array.from(table.rows[1].cells, (cell) => cell.dataset.dashColumn);
      const places = shown.map((id) => sheet.ids.indexOf(id));
      const printed = document.createElement("table");
      printed.className = "printed";
      const head = printed.createTHead();
      for (let place = 0; place < page.HEADER_ROWS; place += 1) {
        const row = head.insertRow();
        for (const cell of table.rows[place].cells) {
          const copied = document.createElement("th");
          copied.colSpan = cell.colSpan;
          copied.classList.toggle("is-figure", place > 0 && cell.cellIndex >= sheet.fixed);
          copied.textContent = cell.textContent;
          row.append(copied);
        }
      }
      const body = printed.createTBody();
      const texts = sheet.rows
        ? [...sheet.rows, ...sheet.pinned].map((row) => places.map((place) => row[place]))
        : Array.from(table.rows).slice(page.HEADER_ROWS).map((row) => Array.from(row.cells, (cell) => cell.textContent));
      texts.forEach((row, place) => {
        const line = body.insertRow();
        if (place >= texts.length - sheet.pinned.length) line.className = "is-pinned";
        row.forEach((text, column) => {
          const cell = line.insertCell();
          if (column < sheet.fixed) cell.className = "is-label";
          cell.textContent = text;
        });
      });
      // Not into the grid: nothing in it sticks or scrolls.
      grid.after(printed);
      printed.style.fontSize = `${LARGEST}pt`;
      printed.classList.add("is-measured");
      printed.style.fontSize = `${Math.min(LARGEST, (LARGEST * PAGE) / printed.offsetWidth).toFixed(2)}pt`;
      printed.classList.remove("is-measured");
    }
  });

  window.addEventListener("afterprint", () => {
    document.querySelectorAll(".printed").forEach((table) => table.remove());
    if (theme) document.documentElement.dataset.bsTheme = theme;
    theme = null;
  });
})();
