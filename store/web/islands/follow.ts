/// <reference lib="dom" />
/** Keeps the newest words in view, until the reader scrolls away from them. */

/** How near the end still counts as being there, in pixels: a line and a half. */
const NEAR = 40;

/** Scrolls with `turns` as it grows; `jump` is shown when the end is out of sight. Returns "go there now". */
export function followEnd(turns: HTMLElement, jump: HTMLElement): () => void {
  let following = true, last = scrollY;
  const page = document.documentElement;
  const atEnd = () => page.scrollHeight - scrollY - innerHeight < NEAR;
  const show = () => jump.hidden = atEnd();
  const go = () => {
    following = true;
    scrollTo({ top: page.scrollHeight, behavior: "instant" });
    show();
  };
  addEventListener("scroll", () => {
    if (scrollY < last) following = atEnd(); // only the reader scrolls up
    else if (atEnd()) following = true;
    last = scrollY;
    show();
  }, { passive: true });
  new ResizeObserver(() => following ? go() : show()).observe(turns);
  jump.addEventListener("click", go);
  return go;
}
