/** In which script a text is written. Pure. */

/** Whether it is Chinese rather than Latin: a name or term in Latin letters does not change that. */
export function isChinese(text: string): boolean {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}+/gu)?.length ?? 0;
  return han > 0 && han >= latin;
}
