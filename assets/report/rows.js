/* The rows of a report: what a table on the page is given, and the window through which a long one is seen.
 *
 * Nothing here knows a figure: every text comes formatted from the server. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by, set, same, answer } = page;

  const GRID_OF = { "report-table": "report-grid", "again-table": "again-grid" };
  const WINDOW = 60; // rows beyond which a report is shown through a window, as in layouts/table.py
  const MARGIN = 16; // of them above and below what is in view
  const FILL_AFTER = 200; // milliseconds after a long report has appeared
  const HEADER_ROWS = 2;

  const sheets = {}; // by table id: all rows of its report, and which of them are on the page
  const moved = {}; // by table id: whether it is scrolled down

  function receive(tableId, data) {
    const grid = by(GRID_OF[tableId]);
    if (!data || !grid) return;
    const sheet = { ...data, from: 0, to: data.count, long: Boolean(data.rows), base: undefined };
    page.forget(tableId);
    sheets[tableId] = sheet;
    // The table has got the first rows of a long sheet: how many tells where its window ends.
    if (sheet.long && !isBound(tableId, sheet)) sheet.to = Math.min(sheet.count, WINDOW);
    // Whatever asks for a size comes last, and only if it must: the table is then measured once, for the paint as well.
    page.dress(grid, tableId);
    page.watchers[tableId].takeRecords(); // of what has just been dressed
    pad(grid, sheet);
    if (moved[tableId]) grid.scrollTop = 0;
    placeFixed(grid, sheet);
    agree(tableId, sheet.sort);
    if (sheet.long) setTimeout(() => sheets[tableId] === sheet && fill(tableId, sheet), FILL_AFTER);
    // What rows are filtered by stays when they are sorted or asked anew.
    if (tableId === "report-table" && page.keptRows([], 0)) setTimeout(() => sheets[tableId] === sheet && filterRows(tableId, page.keptRows));
  }

  /* Only some rows of the report: `kept` takes all of them and the number of labels, and gives those that stay, or null. */
  function filterRows(tableId, kept) {
    const now = sheets[tableId];
    if (!now) return;
    const whole = now.whole || now;
    const all = whole.rows || dataOf(tableId).slice(0, whole.count).map((row) => whole.ids.map((id) => row[id]));
    const some = kept(all, whole.fixed);
    const rows = some || all;
    const grid = by(GRID_OF[tableId]);
    page.forget(tableId);
    const size = Math.min(rows.length, Math.max(WINDOW, visibleRows(grid) + 2 * MARGIN));
    const sheet = { ...whole, whole: { ...whole, rows: all }, rows, count: rows.length, long: true, from: 0, to: size };
    sheets[tableId] = sheet;
    const shown = [...rows.slice(0, size), ...whole.pinned];
    set(tableId, { data: shown.map((row) => Object.fromEntries(whole.ids.map((id, place) => [id, row[place]]))) });
    sheet.base = dataOf(tableId);
    grid.scrollTop = 0;
    pad(grid, sheet);
    page.tellFound(rows.length, all.length);
  }

  /* The rows above and below what is in view, so that scrolling finds them there. */
  function fill(tableId, sheet) {
    const grid = by(GRID_OF[tableId]);
    const wanted = Math.min(sheet.count, visibleRows(grid) + 2 * MARGIN);
    if (!isBound(tableId, sheet) || wanted <= sheet.to - sheet.from) return;
    widen(tableId, sheet, wanted);
    pad(grid, sheet);
  }

  const visibleRows = (grid) => Math.ceil(grid.clientHeight / rowHeight(grid));

  /* Headers and view tell the order of the rows that came, whatever was clicked while these were on their way. */
  function agree(tableId, sort) {
    if (!sort) return;
    const propsOf = (id) => window.dash_component_api.getLayout(id).props;
    if (!same(propsOf(tableId).sort_by, sort)) set(tableId, { sort_by: sort });
    const { data } = propsOf("view-store");
    if (!same(data.sort, sort)) set("view-store", { data: { ...data, sort } });
  }

  /* Where each grouping column sticks: right of those before it. */
  function placeFixed(grid, sheet) {
    const table = grid.querySelector("table.cell-table");
    const cells = table && table.rows[1] ? Array.from(table.rows[1].cells).slice(0, sheet.fixed) : [];
    let left = 0;
    cells.forEach((cell, place) => {
      if (!place) return; // always at the edge, as the style sheet says
      left += cells[place - 1].offsetWidth;
      const name = `--left-${place + 1}`;
      if (grid.style.getPropertyValue(name) !== `${left}px`) grid.style.setProperty(name, `${left}px`);
    });
  }

  function pad(grid, sheet) {
    const { style } = grid.firstElementChild;
    const height = sheet.long ? rowHeight(grid) : 0;
    style.paddingTop = sheet.long ? `${sheet.from * height}px` : "";
    style.paddingBottom = sheet.long ? `${(sheet.count - sheet.to) * height}px` : "";
  }

  const rowHeight = (grid) => parseFloat(getComputedStyle(grid).getPropertyValue("--row")) || 30;

  function scrolled(tableId) {
    const sheet = sheets[tableId];
    const grid = by(GRID_OF[tableId]);
    moved[tableId] = grid.scrollTop > 0;
    page.followTip();
    if (sheet && sheet.marks) scrollTogether(grid);
    if (!sheet || !sheet.long || !isBound(tableId, sheet)) return;
    const height = rowHeight(grid);
    const first = Math.floor(grid.scrollTop / height);
    const visible = visibleRows(grid);
    fill(tableId, sheet);
    const near = MARGIN / 2;
    const early = sheet.from > 0 && first - near < sheet.from;
    const late = sheet.to < sheet.count && first + visible + near > sheet.to;
    if (!early && !late) return;
    const size = sheet.to - sheet.from;
    sheet.from = Math.max(0, Math.min(first - MARGIN, sheet.count - size));
    sheet.to = sheet.from + size;
    pad(grid, sheet);
    page.dress(grid, tableId);
  }

  /* A window of other rows is written straight into the cells: drawn by the table's own renderer it would take many times
   * as long, and scrolling would stutter. The renderer knows nothing of it, and may draw some cells anew at any time, so
   * dress() compares every cell with what it should say after every change of the table, before it is painted.
   *
   * What it should say: the rows of the sheet in its window if the table's data is the one that came with the sheet
   * ("bound"), else the table's data itself; a new report's data may be drawn a moment before its sheet arrives. */
  const dataOf = (tableId) => window.dash_component_api.getLayout(tableId).props.data || [];

  function isBound(tableId, sheet) {
    const data = dataOf(tableId);
    if (sheet.base === data) return true;
    // Only a first sight of the data may bind: its first row must be the sheet's own.
    const size = data.length - sheet.pinned.length;
    const same = sheet.base === undefined && size > 0 && sheet.ids.every((id, place) => data[0][id] === sheet.rows[0][place]);
    if (!same) return false;
    sheet.base = data;
    sheet.to = sheet.from + size;
    return true;
  }

  /* A taller window than before needs more rows in the table; these its renderer draws. */
  function widen(tableId, sheet, size) {
    const rows = [...sheet.rows.slice(0, size), ...sheet.pinned];
    set(tableId, { data: rows.map((row) => Object.fromEntries(sheet.ids.map((id, place) => [id, row[place]]))) });
    sheet.base = dataOf(tableId);
    sheet.from = Math.min(sheet.from, sheet.count - size);
    sheet.to = sheet.from + size;
  }

  /* Then and now stand row beside row: where one is looked at, the other shows the same place. */
  function scrollTogether(grid) {
    for (const gridId of Object.values(GRID_OF)) {
      const other = by(gridId);
      if (other === grid || other.closest(".is-closed")) continue;
      other.scrollLeft = grid.scrollLeft;
      other.scrollTop = grid.scrollTop;
    }
  }

  Object.assign(page, { filterRows, GRID_OF, HEADER_ROWS, sheets, rowHeight, isBound, dataOf, scrolled });

  answer("report", {
    rows(data) {
      page.attach("report-table");
      receive("report-table", data);
    },
    rowsAgain(data) {
      page.attach("again-table");
      receive("again-table", data);
    },
  });
})();
