/** Keeps pip from the network while a test runs: packages come from a folder or not at all. */

const NAMES = ["PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"];

/** Lets pip see the wheels in `folder` alone, until disposed. */
export function onlyWheelsIn(folder = ""): Disposable {
  const before = NAMES.map((name) => [name, Deno.env.get(name)] as const);
  Deno.env.set("PIP_NO_INDEX", "1");
  Deno.env.set("PIP_FIND_LINKS", folder);
  Deno.env.delete("PIP_EXTRA_INDEX_URL");
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}
