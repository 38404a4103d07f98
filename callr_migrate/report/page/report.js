"use strict";
(() => {
  const form = document.getElementById("filters");
  const list = document.getElementById("places");
  const status = document.getElementById("shown");
  const state = [...form.querySelectorAll("input[name=state]")];
  const { search, method, owner, kind, sort, calls, keys } = form.elements;
  const order = ["automatic", "unsafe", "manual", "blocked"];
  const compare = new Intl.Collator("en", { numeric: true }).compare;

  const rows = [...list.children].map((element, place) => ({
    element,
    place,
    state: element.dataset.state,
    method: element.dataset.method,
    owners: element.dataset.owners,
    kind: element.dataset.kind,
    call: "call" in element.dataset,
    text: null,
    hidden: false,
  }));

  function wanted() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = new Set(state.filter((box) => box.checked).map((box) => box.value));
    return (row) => {
      if (!states.has(row.state) || (calls.checked && !row.call)) return false;
      if (method.value && row.method !== method.value) return false;
      if (kind.value && row.kind !== kind.value) return false;
      if (owner.value && !row.owners.split(" ").includes(owner.value)) return false;
      if (!words.length) return true;
      // What is read once for all searches is read when the first one is made.
      row.text ??= row.element.textContent.toLowerCase();
      return words.every((word) => row.text.includes(word));
    };
  }

  function filter() {
    const matches = wanted();
    let count = 0;
    for (const row of rows) {
      const hidden = !matches(row);
      count += !hidden;
      if (hidden !== row.hidden) row.element.hidden = row.hidden = hidden;
    }
    const all = rows.length.toLocaleString("en");
    status.textContent = `${count.toLocaleString("en")} of ${all} places shown`;
  }

  function arrange() {
    const by = sort.value;
    const key = { method: (row) => row.method, owner: (row) => row.owners, code: (row) => row.kind }[by];
    rows.sort((left, right) => {
      let found = 0;
      if (by === "state") found = order.indexOf(right.state) - order.indexOf(left.state);
      // What has no name comes last.
      else if (key) found = !key(left) - !key(right) || compare(key(left), key(right));
      return found || left.place - right.place;
    });
    list.append(...rows.map((row) => row.element));
  }

  let waiting = false;
  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      filter();
    });
  }

  form.addEventListener("input", (event) => (event.target === sort ? arrange() : soon()));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    // The fields have their first values only after this event.
    setTimeout(() => {
      arrange();
      filter();
    });
  });

  // A name in a table leads to its places.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-filter]");
    if (!link) return;
    form.reset();
    setTimeout(() => {
      const field = form.elements[link.dataset.filter];
      field.value = link.dataset.value;
      filter();
      field.focus({ preventScroll: true });
    });
  });

  function step(forward) {
    const shown = rows.filter((row) => !row.hidden);
    const at = shown.findIndex((row) => row.element.contains(document.activeElement));
    const next = shown[at < 0 ? 0 : at + (forward ? 1 : -1)];
    if (next) {
      next.element.focus();
      next.element.scrollIntoView({ block: "nearest" });
    }
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, select, textarea");
    if (event.key === "Escape" && field === search && search.value) {
      search.value = "";
      filter();
      event.preventDefault();
    }
    if (field && field.type !== "checkbox") return;
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = { "/": () => search.focus(), j: () => step(true), k: () => step(false) }[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  });

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.textContent.trim() || head.classList.contains("wide")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("num");
        const up = head.ariaSort ? head.ariaSort === "descending" : !numeric;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
        const sorted = [...table.tBodies[0].rows].sort(
          (left, right) => (up ? 1 : -1) * compare(value(left), value(right)),
        );
        table.tBodies[0].append(...sorted);
      });
    });
  }

  form.hidden = false;
  filter();
})();
