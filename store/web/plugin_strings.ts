/** What the pages of plugins say., in each language side by side. */

/** A part of the table in strings.ts. */
export const pluginStrings = {
  plugins: ["Plugins", "插件"],
  pluginsHint: [
    "What assistants can call. Calls leave this machine only through a guarded door.",
    "助手可以调用的工具。调用只会经由受控的出口离开这台机器。",
  ],
  addApi: ["Add an HTTP API", "添加 HTTP API"],
  apiName: ["Name", "名称"],
  apiUrl: [
    "Address of its OpenAPI document or ai-plugin.json",
    "OpenAPI 文档或 ai-plugin.json 的地址",
  ],
  apiText: ["Or the document itself, JSON or YAML", "或直接粘贴文档（JSON 或 YAML）"],
  apiFile: ["Or a file", "或选择文件"],
  apiServer: [
    "Address of the API, if the document does not say",
    "API 的地址（文档未注明时填写）",
  ],
  add: ["Add", "添加"],
  serverOf: ["Address of the API", "API 地址"],
  remarks: ["Notes about the document ({count})", "关于文档的说明（{count}）"],
  access: ["Authentication", "身份验证"],
  accessReady: ["set", "已设置"],
  accessMissing: ["not set", "未设置"],
  signIn: ["Sign in", "登录"],
  signInHint: [
    "Save the client's id and secret first. At the API, register this address: {back}",
    "请先保存客户端 ID 和密钥，并在 API 方登记此地址：{back}",
  ],
  toolsOf: ["Tools ({count})", "工具（{count}）"],
  none: ["asks nobody", "不访问外部"],
  reads: ["reads", "读取"],
  writes: ["writes", "写入"],
  removePlugin: ["Remove this plugin", "移除此插件"],
  tryIt: ["Try it", "试一下"],
  triedDone: ["What it brought", "调用结果"],
  triedFailed: ["It could not do it", "调用失败"],
  request: ["Request", "请求"],
  result: ["Result", "结果"],
  picture: ["Picture", "图片"],
} as const satisfies Record<string, readonly [string, string]>;
