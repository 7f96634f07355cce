/// <reference lib="dom" />
/** Keeps the newest words in view, until the reader scrolls away from them. */

/** How near the end still counts as being there, in pixels: a line and a half. */
const NEAR = 40;

/**
 * Scrolls with `turns` as it grows; `jump` is shown when the end is out of sight. `scroller` is what
 * they scroll in; without it, the page. Returns "go there now".
 */
export function followEnd(
  turns: HTMLElement,
  jump: HTMLElement,
  scroller?: HTMLElement,
): () => void {
  const box = scroller ?? document.documentElement;
  let following = true, last = box.scrollTop;
  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  const show = () => jump.hidden = atEnd();
  const go = () => {
    following = true;
    box.scrollTo({ top: box.scrollHeight, behavior: "instant" });
    show();
  };
  (scroller ?? window).addEventListener("scroll", () => {
    if (box.scrollTop < last) following = atEnd(); // only the reader scrolls up
    else if (atEnd()) following = true;
    last = box.scrollTop;
    show();
  }, { passive: true });
  new ResizeObserver(() => following ? go() : show()).observe(turns);
  jump.addEventListener("click", go);
  return go;
}
