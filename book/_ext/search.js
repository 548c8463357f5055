// The search as the book has it; Sphinx puts it behind its own. The build gives it as `html_search_scorer`.

// A chapter comes before a page of the library.
Scorer.score = ([name, , , , score]) => score - (/^(reference|genindex)/.test(name) ? 100 : 0);

// A word that every object of JavaScript knows ("constructor") is looked for among the book's words alone.
const { setIndex, _performSearch } = Search;
const bare = { __proto__: null, hasOwnProperty: Object.prototype.hasOwnProperty }; // what the search asks of its tables
Search.setIndex = (index) => {
  for (const table of ["terms", "titleterms"]) Object.setPrototypeOf(index[table], bare);
  setIndex(index);
};

// Results while the reader types. What an older search still has to show is dropped.
let shown = [];
Search._performSearch = (...query) => shown = _performSearch(...query);
document.addEventListener("DOMContentLoaded", () => {
  const input = document.querySelector("main input[name=q], article input[name=q]") ?? document.querySelector("input[name=q]");
  let pause;
  input?.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => {
      shown.length = 0;
      document.getElementById("search-results").replaceChildren();
      const query = input.value.trim();
      history.replaceState(null, "", `?q=${encodeURIComponent(query)}`);
      if (query) Search.performSearch(query);
    }, 150);
  });
});
