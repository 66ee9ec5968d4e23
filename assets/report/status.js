/* The status strip: count, sum and average of the cells that are selected, where adding them means something. Figures are
 * exact: whole numbers of the last decimal, however many. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  const decimalsOf = (plain) => (plain.split(".")[1] || "").length;

  function written(units, decimals, sheet) {
    const digits = String(units < 0n ? -units : units).padStart(decimals + 1, "0");
    const cut = digits.length - decimals;
    const whole = digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, sheet.group);
    return `${units < 0n ? "\u2212" : ""}${whole}${decimals ? sheet.decimal + digits.slice(cut) : ""}`;
  }

  /* Half away from zero, as everything here is rounded. */
  function divided(units, count) {
    const size = units < 0n ? -units : units;
    const found = (2n * size + count) / (2n * count);
    return units < 0n ? -found : found;
  }

  /* `columns` are ids, `rows` their texts as plain numbers, without the pinned rows; `cells` is how many are selected. */
  function words(sheet, columns, rows, cells) {
    const told = [cells === 1 ? "1 cell" : `${cells.toLocaleString("en")} cells`];
    const figures = rows.flat().filter((plain) => plain !== undefined && plain !== "");
    if (cells < 2 || !figures.length) return told;
    const why = columns.map((id) => sheet.apart[id]).find(Boolean);
    const kinds = new Set(figures.map(decimalsOf));
    if (why) return [...told, `no sum: ${why}`];
    if (kinds.size > 1) return [...told, "no sum: numbers of things and money do not add up"];
    const [decimals] = kinds;
    const sum = figures.reduce((all, plain) => all + BigInt(plain.replace(".", "")), 0n);
    const more = decimals || 2;
    const mean = divided(sum * 10n ** BigInt(more - decimals), BigInt(figures.length));
    return [...told, `sum ${written(sum, decimals, sheet)}`, `average ${written(mean, more, sheet)}`];
  }

  function tellSelection(tableId) {
    const place = by("report-status");
    if (!place || tableId !== "report-table") return;
    const area = page.selected(tableId);
    const sheet = page.sheets[tableId];
    const text = area && sheet ? words(sheet, ...page.figuresIn(tableId)).join(" \u00b7 ") : "";
    if (place.textContent !== text) place.textContent = text;
  }

  Object.assign(page, { tellSelection });
})();
