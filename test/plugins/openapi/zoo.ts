/** A document with one of each: places, styles, bodies, schemes, servers, cycles. */
export const ZOO = {
  openapi: "3.0.3",
  info: { title: "Zoo", version: "1", description: "Animals\n and their keepers" },
  servers: [{
    url: "http://{host}/{base}",
    variables: { host: { default: "zoo.example" }, base: { default: "v1", enum: ["v1", "v2"] } },
  }],
  security: [],
  paths: {
    "/animals/{id}{coords}{tags}": {
      parameters: [{ $ref: "#/components/parameters/Id" }],
      get: {
        operationId: "find animal!",
        summary: "Finds one.",
        parameters: [
          {
            name: "coords",
            in: "path",
            required: true,
            style: "matrix",
            explode: true,
            schema: { type: "object" },
          },
          {
            name: "tags",
            in: "path",
            required: true,
            style: "label",
            schema: { type: "array", items: { type: "string" } },
          },
          {
            name: "filter",
            in: "query",
            style: "deepObject",
            explode: true,
            schema: {
              type: "object",
              properties: {
                age: { type: "integer" },
                names: { type: "array", items: { type: "string" } },
              },
            },
          },
          {
            name: "ids",
            in: "query",
            explode: false,
            schema: { type: "array", items: { type: "integer" } },
          },
          {
            name: "piped",
            in: "query",
            style: "pipeDelimited",
            explode: false,
            schema: { type: "array", items: { type: "string" } },
          },
          { name: "where", in: "query", allowReserved: true, schema: { type: "string" } },
          {
            name: "query",
            in: "query",
            content: {
              "application/json": {
                schema: { type: "object" },
              },
            },
          },
          { name: "X-Trace", in: "header", schema: { type: "string" } },
          { name: "Authorization", in: "header", schema: { type: "string" } },
          { name: "session", in: "cookie", schema: { type: "string" } },
          { name: "limit", in: "query", schema: { type: "integer", default: 20, maximum: 50 } },
        ],
        responses: { 200: { description: "ok" } },
      },
    },
    "/animals": {
      post: {
        operationId: "add",
        security: [{ Key: [], Basic: [] }, { OAuth: ["write"] }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/Animal" },
            },
          },
        },
        responses: { 201: { description: "made" } },
      },
      put: {
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["name"],
                properties: {
                  name: { type: "string" },
                  meta: { type: "object" },
                  photo: { type: "string", format: "binary" },
                },
              },
            },
          },
        },
        responses: { 200: { description: "ok" } },
      },
      delete: {
        operationId: "Add", // the same name but for its case
        security: [{ Query: [] }],
        requestBody: {
          content: {
            "application/x-www-form-urlencoded": {
              schema: {
                type: "object",
                properties: {
                  why: { type: "string" },
                  list: { type: "array", items: { type: "string" } },
                },
              },
            },
          },
        },
        responses: { 204: { description: "gone" } },
      },
    },
  },
  components: {
    parameters: { Id: { name: "id", in: "path", required: true, schema: { type: "string" } } },
    schemas: {
      Animal: {
        allOf: [{ $ref: "#/components/schemas/Named" }, {
          type: "object",
          required: ["kind"],
          properties: {
            kind: { enum: ["cat", "dog"] },
            parent: { $ref: "#/components/schemas/Animal" },
            size: { oneOf: [{ type: "number" }, { type: "string", pattern: "^(a+)+$" }] },
            age: { type: "integer", nullable: true, minimum: 0 },
          },
        }],
      },
      Named: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string", minLength: 2 } },
      },
    },
    securitySchemes: {
      Key: { type: "apiKey", in: "header", name: "X-Key" },
      Query: { type: "apiKey", in: "query", name: "key" },
      Basic: { type: "http", scheme: "basic" },
      Bearer: { type: "http", scheme: "bearer" },
      Odd: { type: "mutualTLS" },
      OAuth: {
        type: "oauth2",
        flows: {
          authorizationCode: {
            authorizationUrl: "http://HOST/authorize",
            tokenUrl: "http://HOST/token",
            scopes: { write: "Write" },
          },
        },
      },
    },
  },
} as const;
