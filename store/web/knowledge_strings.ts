/** What the pages of knowledge say, in each language side by side. */

/** A part of the table in strings.ts. */
export const knowledgeStrings = {
  knowledge: ["Knowledge", "知识库"],
  knowledgeHint: [
    "Documents that assistants answer from, with the place of each answer.",
    "助手据以回答的文档，每个回答都标明出处。",
  ],
  documentsCount: ["{count} documents", "{count} 个文档"],
  passagesCount: ["{count} passages", "{count} 个段落"],
  byWordsAlone: ["found by words alone", "只能按词语查找"],
  collectionName: ["Name of a new collection", "新文档集的名称"],
  createCollection: ["Create", "创建"],
  removeCollection: ["Remove this collection", "删除这个文档集"],
  noDocuments: ["No documents yet", "还没有文档"],
  noDocumentsHint: [
    "Add PDF, Word, HTML, Markdown, text, CSV or JSON files below.",
    "在下面添加 PDF、Word、HTML、Markdown、文本、CSV 或 JSON 文件。",
  ],
  addFiles: ["Add files", "添加文件"],
  fileAdded: ["{name} is there", "{name} 已加入"],
  removeDocument: ["Remove {name}", "删除 {name}"],
  searchDocuments: ["Search these documents", "搜索这些文档"],
  search: ["Search", "搜索"],
  sources: ["Sources", "出处"],
  pageNumber: ["page {n}", "第 {n} 页"],
  unsupported: ["No source supports: {words}", "没有出处支持：{words}"],
  nothingFound: ["Nothing was found.", "没有找到。"],
} as const satisfies Record<string, readonly [string, string]>;
