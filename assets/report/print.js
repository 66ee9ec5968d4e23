/* Print: the whole report, not its window. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  const longestLine = (text) => Math.max(...text.split("\n").map((line) => line.length));

  window.addEventListener("beforeprint", () => {
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
      // As large as an A4 sheet on its side allows: digits are about 0.6 em wide, cells have 0.9 em around them.
      const wide = places.reduce((sum, _, column) => sum + 0.9 + 0.6 * Math.max(4, ...texts.map((row) => longestLine(row[column]))), 0);
      printed.style.fontSize = `${Math.min(8, 690 / wide).toFixed(2)}pt`;
      grid.append(printed);
    }
  });

  window.addEventListener("afterprint", () => document.querySelectorAll(".printed").forEach((table) => table.remove()));
})();
