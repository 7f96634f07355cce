/** English wishes told of the assistant and its user, where the person spoke of themselves. Pure. */

/** "help me plan my week" as "help the user plan their week". */
export function aboutUser(text: string): string {
  let told = false; // whether the user was named, so that "their" is clear
  const user = (word: string) => {
    told = true;
    return word;
  };
  const modal = "should|can|could|do|did|will|would|may|must";
  const pattern = new RegExp(
    `\\b(${modal}) I\\b|\\bI(?:'m| am)\\b|\\bI(?:'ve| have)\\b|\\bI (?:do not|don't)\\b|\\bI (?=can|could|will|would|should|must|may|might|never|always|was)|\\b[Ii] ([a-z]+)\\b|\\bmyself\\b|\\b(?:my|our)\\b|\\b(?:me|us)\\b`,
    "gu",
  );
  return text.replace(pattern, (found: string, before?: string, verb?: string) => {
    if (before) return user(`${before} the user`);
    if (verb) return user(`the user ${inflected(verb)}`);
    if (/^I(?:'m| am)$/u.test(found)) return user("the user is");
    if (/^I(?:'ve| have)$/u.test(found)) return user("the user has");
    if (/^I d/u.test(found)) return user("the user does not");
    if (/^I /u.test(found)) return user("the user ");
    if (found === "myself") return "themselves";
    if (found === "my" || found === "our") return told ? "their" : user("the user's");
    return told ? "them" : user("the user");
  });
}

/** "never gives" as "never give", "turns notes" as "turn notes": the first verb only. */
export function uninflected(phrase: string): string {
  return phrase.replace(
    /^((?:never|always|only|also)\s+)?([a-z]+)\b/iu,
    (_, adverb = "", verb) => adverb + bareVerb(verb),
  );
}

function inflected(verb: string): string {
  if (/(?:s|sh|ch|x|z|o)$/u.test(verb)) return `${verb}es`;
  return /[^aeiou]y$/u.test(verb) ? `${verb.slice(0, -1)}ies` : `${verb}s`;
}

function bareVerb(verb: string): string {
  if (/^(?:is|are)$/iu.test(verb)) return "be";
  if (/^has$/iu.test(verb)) return "have";
  if (/[^aeiou]ies$/iu.test(verb)) return `${verb.slice(0, -3)}y`;
  if (/(?:sses|shes|ches|xes|zes|oes)$/iu.test(verb)) return verb.slice(0, -2);
  return /[^s]s$/iu.test(verb) ? verb.slice(0, -1) : verb;
}
