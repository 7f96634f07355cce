import assert from "node:assert/strict";
import { Word } from "../../core/model/control.ts";

Deno.test("control: no two words of the control block have one place", () => {
  const places = Object.values(Word);
  assert.equal(new Set(places).size, places.length);
});
