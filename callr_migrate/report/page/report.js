"use strict";
(() => {
  const form = document.getElementById("filters");
  const list = document.getElementById("places");
  const status = document.getElementById("shown");
  const state = [...form.querySelectorAll("input[name=state]")];
  const { search, method, owner, kind, sort, calls, keys } = form.elements;
  const order = ["automatic", "unsafe", "manual", "blocked"];
  const more = document.getElementById("more");
  // So many are laid out at once; a browser is slow with thousands.
  const PAGE = 200;
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

  let matches = rows;
  let limit = PAGE;
  let moved = false;

  function show() {
    const shown = new Set(matches.slice(0, limit));
    for (const row of rows) {
      const hidden = !shown.has(row);
      if (hidden !== row.hidden) row.element.hidden = row.hidden = hidden;
    }
    // Where those stand that are hidden makes no difference.
    if (moved) list.append(...[...shown].map((row) => row.element));
    const [count, all, first] = [matches.length, rows.length, shown.size].map((n) => n.toLocaleString("en"));
    status.textContent =
      count === all ? `All ${all} places` : `${count} of ${all} places`;
    if (shown.size < matches.length) status.textContent += `, the first ${first} are shown`;
    more.hidden = shown.size === matches.length;
    more.textContent = `Show ${Math.min(PAGE, matches.length - shown.size)} more`;
  }

  function filter() {
    matches = rows.filter(wanted());
    limit = PAGE;
    show();
  }

  more.addEventListener("click", () => {
    const next = matches[limit];
    limit += PAGE;
    show();
    next.element.focus();
  });

  // Paper has room for all of them.
  addEventListener("beforeprint", () => {
    const before = limit;
    limit = matches.length;
    show();
    addEventListener("afterprint", () => {
      limit = before;
      show();
    }, { once: true });
  });

  // Browsers may bring back what stood in the fields when the page was left.
  form.reset();
  let sorted = sort.value;

  function arrange() {
    const by = sort.value;
    if (by === sorted) return filter();
    sorted = by;
    const key = { method: (row) => row.method, owner: (row) => row.owners, code: (row) => row.kind }[by];
    rows.sort((left, right) => {
      let found = 0;
      if (by === "state") found = order.indexOf(right.state) - order.indexOf(left.state);
      // What has no name comes last.
      else if (key) found = !key(left) - !key(right) || compare(key(left), key(right));
      return found || left.place - right.place;
    });
    moved = true;
    return filter();
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
    setTimeout(arrange);
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
    const at = matches.findIndex((row) => row.element.contains(document.activeElement));
    const to = at < 0 ? 0 : at + (forward ? 1 : -1);
    if (!matches[to]) return;
    if (to >= limit) {
      limit += PAGE;
      show();
    }
    matches[to].element.focus({ preventScroll: true });
    matches[to].element.scrollIntoView({ block: "nearest" });
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

  document.getElementById("without").hidden = true;
  form.hidden = false;
  filter();
})();
