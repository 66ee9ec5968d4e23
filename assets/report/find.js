/* Rows by their labels: "/" or the tool shows a field, and the table keeps the rows whose labels hold all that is typed. */
(function () {
  "use strict";

  const page = window.customerDynamics;
  const { by } = page;

  const TABLE = "report-table";
  let field = null;

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function build() {
    const box = by("report-find-box");
    const label = document.createElement("label");
    label.textContent = "Rows with";
    field = Object.assign(document.createElement("input"), { type: "search", className: "form-control form-control-sm" });
    const told = Object.assign(document.createElement("span"), { className: "find-told" });
    told.setAttribute("role", "status");
    label.append(field);
    box.append(label, told);
    field.addEventListener("input", keep);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      else if (event.key === "Enter" || event.key === "ArrowDown") by("report-grid").focus();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  function open() {
    if (page.comparing() || by("report-stage").classList.contains("is-none")) return;
    if (!field) build();
    by("report-find-box").hidden = false;
    field.focus();
    field.select();
  }

  function close() {
    field.value = "";
    keep();
    by("report-find-box").hidden = true;
    by("report-grid").focus();
  }

  /* The places of the rows that stay, of all; null when all do. */
  function kept(rows, fixed) {
    const words = field && !by("report-find-box").hidden ? plain(field.value).split(/\s+/).filter(Boolean) : [];
    if (!words.length) return null;
    const fits = (row) => {
      const labels = plain(row.slice(0, fixed).join(" "));
      return words.every((word) => labels.includes(word));
    };
    return rows.filter(fits);
  }

  function keep() {
    page.filterRows(TABLE, kept);
  }

  function tellFound(count, all) {
    if (field) by("report-find-box").querySelector(".find-told").textContent = count === all ? "" : `${count.toLocaleString("en")} of ${all.toLocaleString("en")} rows`;
  }

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("#report-find")) open();
  });

  Object.assign(page, { openFind: open, keptRows: kept, tellFound });
})();
