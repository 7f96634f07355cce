/** Real documents become tools, and calls of them are what their own documents ask for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ToolValues } from "@flint/plugins";
import { ToolName } from "@flint/plugins";
import { compileSchema } from "../../../core/text/grammar/schema.ts";
import { readApi } from "../../../plugins/openapi/reader.ts";
import { sharedData } from "../../shared_data.ts";
import { mockApi } from "./mock_server.ts";
import { openApis } from "./open_apis.ts";

const folder = sharedData() && join(sharedData()!, "openapi");
const ignore = folder === undefined;
const text = (name: string) => Deno.readTextFile(join(folder!, name));

const names = ignore
  ? ["(no real document)"]
  : [...Deno.readDirSync(folder!)].map(({ name }) => name);
for (const name of names) {
  Deno.test({
    name: `openapi: ${name} becomes tools that a model can be offered`,
    ignore,
    fn: () => offered(name),
  });
}

async function offered(name: string): Promise<void> {
  const { operations } = await readApi(await text(name));
  assert(operations.length > 0);
  assert.equal(new Set(operations.map(({ name }) => name)).size, operations.length);
  for (const { name, plain, description } of operations) {
    ToolName.parse(name);
    assert(description.length > 0);
    assert(JSON.stringify(plain).length <= 6000, name);
    compileSchema(plain); // throws where the grammar does not understand it
  }
}

/** Document, operation, arguments; what is sent. Scheme and secret where there is one. */
const CALLS: readonly {
  readonly file: string;
  /** Path of its server. */
  readonly base: string;
  readonly tool: string;
  readonly values: ToolValues;
  readonly sent: string;
  readonly body?: string;
  readonly secret?: readonly [scheme: string, parts: Record<string, string>, header: string];
}[] = [
  {
    file: "oai-petstore-expanded.yaml",
    base: "/v2",
    tool: "findPets",
    values: { tags: ["cat", "dog & co"], limit: 3 },
    sent: "GET /v2/pets?tags=cat&tags=dog%20%26%20co&limit=3",
  },
  {
    file: "oai-petstore-expanded.yaml",
    base: "/v2",
    tool: "addPet",
    values: { name: "Tom", tag: "cat" },
    sent: "POST /v2/pets",
    body: '{"name":"Tom","tag":"cat"}',
  },
  {
    file: "oai-3.1-tictactoe.yaml",
    base: "/",
    tool: "put-square",
    values: { row: 1, column: 3, body: "X" },
    sent: "PUT /board/1/3",
    body: '"X"',
    secret: ["bearerHttpAuthentication", { token: "t0ken" }, "Bearer t0ken"],
  },
  {
    file: "twilio-verify.json",
    base: "/",
    tool: "CreateVerification",
    values: { ServiceSid: "VA" + "0".repeat(32), To: "+15550100", Channel: "sms" },
    sent: `POST /v2/Services/VA${"0".repeat(32)}/Verifications`,
    body: "To=%2B15550100&Channel=sms",
    secret: ["accountSid_authToken", { user: "AC1", password: "pa55" }, "Basic QUMxOnBhNTU="],
  },
  {
    file: "slack-swagger2.json",
    base: "/api",
    tool: "chat_postMessage",
    values: { channel: "C1", text: "hello", token: "xoxb-1" },
    sent: "POST /api/chat.postMessage",
    body: "channel=C1&text=hello",
    secret: ["slackAuth", { clientId: "c", accessToken: "xoxp" }, "Bearer xoxp"],
  },
  {
    file: "discord.json",
    base: "/api/v10",
    tool: "create_message",
    values: { channel_id: "123456", content: "hi", nonce: "n1" },
    sent: "POST /api/v10/channels/123456/messages",
    secret: ["BotToken", { key: "Bot abc" }, "Bot abc"],
  },
  {
    file: "box.json",
    base: "/2.0",
    tool: "post_folders",
    values: { name: "New", parent: { id: "0" }, fields: ["id", "type"] },
    sent: "POST /2.0/folders?fields=id,type",
    body: '{"name":"New","parent":{"id":"0"}}',
    secret: ["OAuth2Security", { clientId: "c", accessToken: "box-token" }, "Bearer box-token"],
  },
];

for (const { file, base, tool, values, sent, body, secret } of CALLS) {
  Deno.test({
    name: `openapi: ${tool} of ${file} is called as its document asks`,
    ignore,
    async fn() {
      const document = await text(file);
      await using server = await mockApi(document);
      await using flint = await openApis(server);
      await flint.add("api", { document, server: `http://${server.host}${base}` });
      if (secret) await flint.secrets.put(`api/${secret[0]}`, secret[1]);
      const result = await flint.call("api", tool, values);
      const [seen] = server.seen;
      assert(seen, JSON.stringify(result));
      assert.deepEqual(seen.faults, []);
      assert.equal(`${seen.method} ${seen.path}`, sent);
      if (body !== undefined) assert.equal(seen.body, body);
      if (secret) assert.equal(seen.headers.get("authorization"), secret[2]);
    },
  });
}
