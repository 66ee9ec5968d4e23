/* Cells that are selected, by mouse, keyboard or touch, and copied so that spreadsheets take them for numbers.
 *
 * A rectangle of rows and columns of one table: drag, or Shift and click or arrows. Whole columns (Ctrl and a click on a
 * header, a click on a heading above several, Ctrl and Space) are copied with their headers. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, say } = page;

  let chosen = null; // {tableId, from, to}: the cells where it was begun and where it ends, as {row, column}
  let dragging = null; // id of the table whose cells are being dragged over
  let pointer = "mouse"; // what was used last
  let wanted = null; // id of the table that is to be copied whatever has the focus

  const MINUS = "\u2212";
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  /* ------------------------------------------------------------------ what is selected */

  const tableOf = (tableId) => by(page.GRID_OF[tableId]).querySelector("table.cell-table");
  const idsOf = (tableId) => Array.from(tableOf(tableId).rows[1].cells, (head) => head.dataset.dashColumn);
  const rowsOf = (tableId) => page.sheets[tableId].count + page.sheets[tableId].pinned.length;

  function edges({ from, to }) {
    return {
      top: Math.min(from.row, to.row),
      bottom: Math.max(from.row, to.row),
      left: Math.min(from.column, to.column),
      right: Math.max(from.column, to.column),
    };
  }

  const selected = (tableId) => (chosen && chosen.tableId === tableId ? edges(chosen) : null);

  function choose(tableId, from, to) {
    const before = chosen && chosen.tableId;
    chosen = tableId ? { tableId, from, to } : null;
    for (const id of new Set([before, tableId])) if (id) paint(id);
    page.tellSelection("report-table");
  }

  const forget = (tableId) => chosen && chosen.tableId === tableId && choose(null);

  function paint(tableId) {
    const table = tableOf(tableId);
    if (!table) return;
    const area = selected(tableId);
    for (const row of Array.from(table.rows).slice(page.HEADER_ROWS)) mark(row, area);
  }

  const indexOf = (row) => Number(row.getAttribute("aria-rowindex")) - page.HEADER_ROWS - 1;

  /* Called for every row that is dressed, so that a selection stays with its rows when others come into view. */
  function mark(row, area) {
    const index = indexOf(row);
    const inside = area && index >= area.top && index <= area.bottom;
    const { cells } = row;
    for (let column = 0; column < cells.length; column += 1) {
      const on = Boolean(inside && column >= area.left && column <= area.right);
      if (on !== cells[column].hasAttribute("data-selected")) cells[column].toggleAttribute("data-selected", on);
    }
  }

  function columnsFrom(tableId, first, last) {
    choose(tableId, { row: 0, column: first }, { row: rowsOf(tableId) - 1, column: last });
  }

  /* ------------------------------------------------------------------ mouse, pen and touch */

  function cellAt(target) {
    const cell = target instanceof Element && target.closest("td");
    return cell ? { row: indexOf(cell.parentElement), column: cell.cellIndex } : null;
  }

  function press(event, grid, tableId) {
    if (event.button || !page.sheets[tableId]) return;
    const head = event.target.closest("th");
    if (event.target.closest(".fold")) return;
    if (head) {
      pressHead(event, head, tableId);
      return;
    }
    const cell = cellAt(event.target);
    if (!cell) return;
    event.preventDefault(); // no text is selected besides
    grid.focus({ preventScroll: true });
    const old = selected(tableId) && event.shiftKey;
    choose(tableId, old ? chosen.from : cell, cell);
    dragging = tableId;
  }

  function pressHead(event, head, tableId) {
    if (head.parentElement.rowIndex === 0) {
      // The heading of a group stands for its columns.
      if (head.dataset.empty !== undefined) return;
      const before = Array.from(head.parentElement.cells).slice(0, head.cellIndex);
      const first = before.reduce((sum, cell) => sum + cell.colSpan, 0);
      columnsFrom(tableId, first, first + head.colSpan - 1);
    } else if (event.ctrlKey || event.metaKey || event.shiftKey) {
      const old = event.shiftKey && selected(tableId);
      columnsFrom(tableId, old ? chosen.from.column : head.cellIndex, head.cellIndex);
    } else return;
    event.preventDefault();
    by(page.GRID_OF[tableId]).focus({ preventScroll: true });
  }

  document.addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
  });

  document.addEventListener("mousemove", (event) => {
    if (!dragging) return;
    if (!event.buttons) {
      dragging = null;
      return;
    }
    const grid = by(page.GRID_OF[dragging]);
    const box = grid.getBoundingClientRect();
    const near = 24; // pixels from the edge within which the table scrolls along
    const speed = (at, low, high) => (at < low + near ? -1 : at > high - near ? 1 : 0);
    const down = speed(event.clientY, box.top + 60, box.bottom - 30);
    const along = speed(event.clientX, box.left, box.right);
    if (down || along) grid.scrollBy(along * 24, down * 30);
    const cell = cellAt(document.elementFromPoint(event.clientX, event.clientY));
    if (cell && (cell.row !== chosen.to.row || cell.column !== chosen.to.column)) choose(dragging, chosen.from, cell);
  });

  document.addEventListener("mouseup", () => {
    dragging = null;
  });

  /* A long press ends the rectangle that a tap began. */
  function extendByTouch(event, tableId) {
    const cell = cellAt(event.target);
    if (pointer !== "touch" || !cell || !selected(tableId)) return;
    event.preventDefault();
    choose(tableId, chosen.from, cell);
  }

  /* ------------------------------------------------------------------ keyboard */

  function walk(event, grid, tableId) {
    const sheet = page.sheets[tableId];
    if (sheet && !event.altKey && event.target.closest("th")) return walkHeads(event, grid, tableId);
    if (!sheet || !sheet.count || event.altKey || !(event.target === grid || event.target.closest("td"))) return false;
    if (event.key === "ArrowUp" && !event.shiftKey && (!selected(tableId) || chosen.to.row === 0)) {
      const heads = grid.querySelector("table.cell-table").rows[1].cells;
      focusHead(heads[selected(tableId) ? chosen.to.column : 0]);
      event.preventDefault();
      return true;
    }
    const area = selected(tableId);
    const command = event.ctrlKey || event.metaKey;
    const last = { row: rowsOf(tableId) - 1, column: idsOf(tableId).length - 1 };
    if (event.key === "Escape" && area) choose(null);
    else if (command && event.key.toLowerCase() === "a") columnsFrom(tableId, 0, last.column);
    else if (command && event.key === " " && area) columnsFrom(tableId, chosen.from.column, chosen.to.column);
    else if (STEPS[event.key] && !area && !event.shiftKey) {
      const first = firstInView(grid, sheet);
      choose(tableId, first, first);
      reveal(grid, sheet, first);
    } else if (STEPS[event.key]) {
      const [down, along] = STEPS[event.key].map((step) => (command ? step * Infinity : step));
      const from = area ? chosen.to : firstInView(grid, sheet);
      const to = {
        row: Math.max(0, Math.min(last.row, from.row + (down || 0))),
        column: seenColumn(grid, Math.max(0, Math.min(last.column, from.column + (along || 0))), along),
      };
      if (to.column === null) to.column = from.column;
      choose(tableId, event.shiftKey ? (area ? chosen.from : from) : to, to);
      reveal(grid, sheet, to);
      page.tipOf(grid.querySelector("td[data-selected][data-about]"));
    } else return false;
    event.preventDefault();
    return true;
  }

  /* The table is one stop for Tab; arrows go through it, upwards into its headers. */
  function focusHead(head) {
    const name = head && head.querySelector(".column-header-name");
    if (name) name.focus();
  }

  function walkHeads(event, grid, tableId) {
    const head = event.target.closest("th");
    const row = head.parentElement;
    const table = grid.querySelector("table.cell-table");
    const seen = (item) => item.offsetWidth > 0 && item.dataset.empty === undefined;
    const step = STEPS[event.key];
    if (row.rowIndex === 0 && (event.key === "Enter" || event.key === " ") && event.target !== head.querySelector(".fold")) {
      const caret = head.querySelector(".fold");
      if (caret) caret.click();
    } else if (!step || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    else if (step[1]) {
      let next = head;
      do next = step[1] > 0 ? next.nextElementSibling : next.previousElementSibling;
      while (next && !seen(next));
      focusHead(next);
    } else if (step[0] > 0 && row.rowIndex === 1) {
      const cell = { row: 0, column: head.cellIndex };
      grid.focus({ preventScroll: true });
      choose(tableId, cell, cell);
      reveal(grid, page.sheets[tableId], cell);
    } else {
      const left = head.getBoundingClientRect().left;
      const others = Array.from(table.rows[step[0] > 0 ? 1 : 0].cells).filter(seen);
      const under = (item) => item.getBoundingClientRect().left <= left + 1;
      focusHead(others.filter(under).pop() && (step[0] > 0 ? others.find((item) => !(item.getBoundingClientRect().left < left - 1)) : others.filter(under).pop()));
    }
    event.preventDefault();
    return true;
  }

  /* The nearest column that the tabs of a narrow screen let one see, on the way there or before it. */
  function seenColumn(grid, column, along) {
    const heads = grid.querySelector("table.cell-table").rows[1].cells;
    const seen = (at) => heads[at] && heads[at].offsetWidth > 0;
    if (seen(column)) return column;
    const step = along < 0 ? -1 : 1;
    for (let at = column; heads[at]; at += step) if (seen(at)) return at;
    if (Math.abs(along) !== Infinity) return null;
    for (let at = column; heads[at]; at -= step) if (seen(at)) return at;
    return null;
  }

  const firstInView = (grid, sheet) => ({ row: Math.min(sheet.count - 1, Math.round(grid.scrollTop / page.rowHeight(grid))), column: 0 });

  function reveal(grid, sheet, { row, column }) {
    const height = page.rowHeight(grid);
    const room = grid.clientHeight - height * (page.HEADER_ROWS + sheet.pinned.length);
    if (row < sheet.count) {
      const top = row * height;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top + height > grid.scrollTop + room) grid.scrollTop = top + height - room;
    }
    const heads = grid.querySelector("table.cell-table").rows[1].cells;
    if (column < sheet.fixed) return;
    const kept = Array.from(heads).slice(0, sheet.fixed).reduce((sum, head) => sum + head.offsetWidth, 0);
    const { offsetLeft: left, offsetWidth: width } = heads[column];
    if (left - kept < grid.scrollLeft) grid.scrollLeft = left - kept;
    else if (left + width > grid.scrollLeft + grid.clientWidth) grid.scrollLeft = left + width - grid.clientWidth;
  }

  /* ------------------------------------------------------------------ the clipboard */

  /* A figure as spreadsheets read it: ASCII minus, decimal point, nothing between thousands; nothing for an empty one. */
  function plainNumber(text, decimal) {
    let plain = "";
    for (const sign of text.split("\n")[0]) {
      if (sign >= "0" && sign <= "9") plain += sign;
      else if (sign === decimal) plain += ".";
      else if (sign === MINUS) plain += "-";
    }
    return plain;
  }

  function copied(tableId) {
    const sheet = page.sheets[tableId];
    const { top, bottom, left, right } = selected(tableId);
    const ids = idsOf(tableId).slice(left, right + 1);
    const places = ids.map((id) => sheet.ids.indexOf(id));
    const data = page.dataOf(tableId);
    const text = (row, id, place) => {
      if (!sheet.rows) return data[row][id];
      return row < sheet.count ? sheet.rows[row][place] : sheet.pinned[row - sheet.count][place];
    };
    const rows = [];
    for (let row = top; row <= bottom; row += 1) {
      rows.push(
        places.map((place, at) => {
          const found = text(row, ids[at], place) || "";
          return place < sheet.fixed ? { text: found } : { number: plainNumber(found, sheet.decimal) };
        }),
      );
    }
    const heads = top === 0 && bottom >= sheet.count - 1 ? places.map((place) => sheet.columns[place].name) : [];
    return { heads: heads.map(([group, title]) => [group.replace(/\u200b/g, ""), title]), rows };
  }

  /* Of the selected cells: ids of the columns of figures, plain numbers row by row without the pinned rows, how many. */
  function figuresIn(tableId) {
    const sheet = page.sheets[tableId];
    const { top, bottom, left, right } = selected(tableId);
    const { rows } = copied(tableId);
    const ids = idsOf(tableId).slice(left, right + 1);
    const own = rows.slice(0, Math.max(0, sheet.count - top));
    const columns = ids.filter((id) => sheet.ids.indexOf(id) >= sheet.fixed);
    return [columns, own.map((row) => row.map(({ number }) => number)), (bottom - top + 1) * (right - left + 1)];
  }

  /* What might be run as a formula is a text with an apostrophe, as in our CSV files. */
  function plainText(text) {
    const line = text.replace(/[\t\r\n]+/g, " ");
    return /^[\s\p{Cf}\p{Cc}]*[=+\-@]/u.test(line.normalize("NFKC")) ? `'${line}` : line;
  }

  function asText({ heads, rows }) {
    const lines = rows.map((row) => row.map(({ text, number }) => (number === undefined ? plainText(text) : number)));
    if (heads.some(([group]) => group)) {
      lines.unshift(
        heads.map(([group], at) => (at && heads[at - 1][0] === group ? "" : group)),
        heads.map(([, title]) => title),
      );
    } else if (heads.length) lines.unshift(heads.map(([, title]) => title));
    return lines.map((line) => line.join("\t")).join("\n");
  }

  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

  /* Each spreadsheet is told in its own words what is a number, whatever its locale: Excel by x:num, LibreOffice by
   * sdval, Google Sheets by data-sheets-value. */
  function asHtml({ heads, rows }) {
    const textCell = (text, tag = "td", span = 1) =>
      `<${tag}${span > 1 ? ` colspan="${span}"` : ""} x:str style="mso-number-format:'\\@'" sdnum="1033;0;@" ` +
      `data-sheets-value="${escaped(JSON.stringify({ 1: 2, 2: text }))}">${escaped(text)}</${tag}>`;
    const numberCell = (number) => {
      if (!number) return "<td></td>";
      const decimals = (number.split(".")[1] || "").length;
      const format = `#,##0${decimals ? `.${"0".repeat(decimals)}` : ""}`;
      const office = format.replace(/[#,.]/g, "\\$&");
      return (
        `<td x:num="${number}" style="mso-number-format:'${office}'" sdval="${number}" sdnum="1033;0;${format}" ` +
        `data-sheets-value="${escaped(`{"1":3,"3":${number}}`)}" ` +
        `data-sheets-numberformat="${escaped(JSON.stringify({ 1: 2, 2: format }))}">${number}</td>`
      );
    };
    const lines = rows.map((row) => row.map(({ text, number }) => (number === undefined ? textCell(text) : numberCell(number))).join(""));
    if (heads.length) {
      lines.unshift(heads.map(([, title]) => textCell(title, "th")).join(""));
      const runs = [];
      for (const [group] of heads) {
        if (runs.length && runs[runs.length - 1].group === group) runs[runs.length - 1].span += 1;
        else runs.push({ group, span: 1 });
      }
      if (runs.some(({ group }) => group)) lines.unshift(runs.map(({ group, span }) => textCell(group, "th", span)).join(""));
    }
    return (
      '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"></head><body>' +
      `<google-sheets-html-origin><table data-sheets-root="1"><tbody><tr>${lines.join("</tr><tr>")}</tr></tbody></table>` +
      "</google-sheets-html-origin></body></html>"
    );
  }

  document.addEventListener("copy", (event) => {
    const typing = document.activeElement && document.activeElement.closest("input, textarea, select, [contenteditable]");
    if (!chosen || (!wanted && (typing || String(window.getSelection())))) return;
    const cells = copied(chosen.tableId);
    event.clipboardData.setData("text/plain", asText(cells));
    event.clipboardData.setData("text/html", asHtml(cells));
    event.preventDefault();
    const count = cells.rows.length * cells.rows[0].length;
    say(count === 1 ? "1 cell copied" : `${count.toLocaleString("en")} cells copied`);
  });

  /* The tool copies what is selected, or else the whole table: for touch, and for those who look for it. */
  document.addEventListener("click", (event) => {
    const tool = event.target instanceof Element && event.target.closest("#report-copy-table");
    if (!tool || !page.sheets["report-table"]) return;
    const whole = !chosen;
    if (whole) columnsFrom("report-table", 0, idsOf("report-table").length - 1);
    wanted = chosen.tableId;
    // A copy of nothing is not told to anybody: there must be something that is selected.
    const field = Object.assign(document.createElement("textarea"), { value: " ", className: "visually-hidden" });
    document.body.append(field);
    field.select();
    if (!document.execCommand("copy")) say("The browser lets no page copy: select cells, then press Ctrl and C.");
    field.remove();
    wanted = null;
    if (whole) choose(null);
    tool.focus();
  });

  function attachSelection(grid, tableId) {
    grid.addEventListener("mousedown", (event) => press(event, grid, tableId));
    grid.addEventListener("contextmenu", (event) => extendByTouch(event, tableId));
    grid.addEventListener("keydown", (event) => walk(event, grid, tableId));
  }

  Object.assign(page, { attachSelection, forget, selected, mark, walk, figuresIn });
})();
