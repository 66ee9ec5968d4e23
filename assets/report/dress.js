/* Dressing: what the table does not say itself. Roles, names and places for assistive technology, the texts of a window of
 * rows, and what style sheets must know of a cell. */
(function () {
  "use strict";

  const page = window.customerDynamics;

  function dress(grid, tableId) {
    const table = grid.querySelector("table.cell-table");
    const sheet = page.sheets[tableId];
    if (!table || !sheet) return;
    if (tableId === "report-table") page.paintTabs();
    label(table, "aria-label", grid.getAttribute("aria-label"));
    label(table, "aria-rowcount", String(sheet.count + sheet.pinned.length + page.HEADER_ROWS));
    const rows = table.rows;
    if (rows.length < page.HEADER_ROWS) return;
    for (const head of rows[0].cells) dressGroup(head);
    for (const head of rows[1].cells) dressHeader(head);
    const fixed = sheet.fixed;
    const last = rows.length - sheet.pinned.length;
    const ids = Array.from(rows[1].cells, (head) => head.dataset.dashColumn);
    const places = ids.map((id) => sheet.ids.indexOf(id));
    const windowed = sheet.long && page.isBound(tableId, sheet);
    const area = page.selected(tableId);
    const data = page.dataOf(tableId);
    for (let place = 0; place < rows.length; place += 1) {
      const row = rows[place];
      const pinned = place >= last;
      label(row, "aria-rowindex", String(place < page.HEADER_ROWS ? place + 1 : pinned ? sheet.count + place - last + 3 : sheet.from + place + 1));
      if (place < page.HEADER_ROWS) continue;
      row.classList.toggle("is-pinned", pinned);
      const mark = pinned || !sheet.marks ? "" : sheet.marks[sheet.from + place - page.HEADER_ROWS] || "";
      row.classList.toggle("is-absent", mark === "absent");
      row.classList.toggle("is-lone", mark === "lone");
      page.mark(row, area);
      const cells = row.cells;
      const body = place - page.HEADER_ROWS;
      const shown = windowed && (pinned ? sheet.pinned[place - last] : sheet.rows[sheet.from + body]);
      for (let column = 0; column < cells.length; column += 1) {
        const cell = cells[column];
        const should = windowed ? shown && shown[places[column]] : data[body] && data[body][ids[column]];
        const box = cell.firstElementChild;
        if (should !== undefined && box && box.textContent !== should) box.textContent = should;
        if (column < fixed) {
          label(cell, "role", "rowheader");
          if (column === 0) explain(cell, pinned && place === rows.length - 1 ? "about-total" : null);
        } else {
          const text = cell.textContent;
          // Red is for what deserves a look, not for what is below zero by its nature.
          cell.toggleAttribute("data-negative", text.charCodeAt(0) === 0x2212 && !sheet.below.includes(ids[column]));
          if (sheet.marks) cell.toggleAttribute("data-changed", text.includes("\n"));
          else if (cell.hasAttribute("data-changed")) cell.removeAttribute("data-changed");
        }
      }
    }
  }

  function label(element, name, value) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  /* The label of the totals says what they are, to pointer, keyboard and touch. */
  function explain(cell, about) {
    if (about) {
      label(cell, "data-about", about);
      label(cell, "aria-describedby", about);
      label(cell, "tabindex", "-1");
    } else if (cell.dataset.about) {
      for (const name of ["data-about", "aria-describedby", "tabindex"]) cell.removeAttribute(name);
    }
  }

  function dressGroup(head) {
    const name = head.querySelector(".column-header-name");
    const group = name ? name.textContent : "";
    const about = group && document.querySelector(`[data-group="${CSS.escape(group)}"][id^="about-group"]`);
    if (!about) {
      // Over the columns that say what a row is about there is no heading.
      if (name) name.removeAttribute("tabindex");
      head.removeAttribute("data-about");
      head.setAttribute("data-empty", "");
      head.removeAttribute("data-group");
      offerFold(head, null);
      return;
    }
    head.removeAttribute("data-empty");
    label(head, "scope", "colgroup");
    label(head, "data-group", group);
    offerFold(head, group);
    label(head, "data-about", about.id);
    label(name, "tabindex", "-1");
    label(name, "aria-describedby", about.id);
  }

  /* A caret folds the group to its main figure. It is ours alone: the table's renderer knows nothing of it. */
  function offerFold(head, group) {
    const folded = group === null ? null : page.isFolded(group);
    let caret = head.querySelector(".fold");
    if (folded === null) {
      if (caret) caret.remove();
      return;
    }
    if (!caret) {
      caret = document.createElement("button");
      caret.type = "button";
      caret.className = "fold";
      caret.tabIndex = -1;
      head.append(caret);
    }
    label(caret, "aria-expanded", String(!folded));
    label(caret, "aria-label", `${folded ? "Unfold" : "Fold"} ${group}`);
    label(caret, "title", folded ? "Show all its columns" : "Show its main figure alone");
  }

  function dressHeader(head) {
    const name = head.querySelector(".column-header-name");
    if (!name) return;
    const about = `about-${head.dataset.dashColumn}`;
    const arrow = head.querySelector(".column-header--sort svg");
    const way = { "sort-up": "ascending", "sort-down": "descending" }[arrow && arrow.dataset.icon] || "none";
    label(head, "scope", "col");
    label(head, "data-about", about);
    label(head, "aria-sort", way);
    label(name, "tabindex", "-1");
    label(name, "role", "button");
    label(name, "aria-describedby", about);
  }

  Object.assign(page, { dress });
})();
