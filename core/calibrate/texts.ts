/**
 * What calibration reads: a little of all that assistants read and write, in some languages. Written
 * for this purpose; no benchmark's text is among it.
 */

/** Read by nothing but the measurement of costs: what was tallied would flatter it. */
export const UNSEEN: readonly string[] = [
  `Before the valley was dammed, the road to Sarn followed the river for nine miles and crossed it
four times. Travellers paid at the second bridge, where a family named Probert kept an inn with six
rooms and a stable. In dry summers one can still see the chimney of that inn standing out of the
reservoir, and every few years someone rows out to it and comes back with a brick. The water board
forbids this, but its warden is a Probert himself, and he has a shelf of those bricks at home. When
I asked him whether he minded, he said that a wall has to be kept somewhere.`,
  `/** Keeps the last \`size\` lines that were written, for the error report. */
export class Tail {
  private readonly lines: string[] = [];
  constructor(private readonly size: number) {}

  write(chunk: string): void {
    for (const line of chunk.split("\n")) {
      if (line === "") continue;
      this.lines.push(line);
      if (this.lines.length > this.size) this.lines.shift();
    }
  }

  async flush(file: Deno.FsFile): Promise<number> {
    const bytes = new TextEncoder().encode(this.lines.join("\n"));
    return await file.write(bytes);
  }
}`,
  `周末我们去了城北的旧书市场。那里一共有四十多个摊位，大多卖小说和旧杂志，也有人卖地图和明信片。我花了二十块钱买到一本
一九八三年出版的植物图鉴，书里夹着一张手写的借书卡，上面最后一个名字是一位小学老师。摊主说这本书在他那里放了三年，
一直没有人问。回家以后我按照书里的图画，在院子里认出了七种以前叫不出名字的草。`,
];

/** Texts of some hundred tokens; `question` is put through the model's chat template first. */
export const TEXTS: readonly { readonly question?: string; readonly text: string }[] = [
  {
    question: "How do I keep bread fresh for longer?",
    text:
      `Bread goes stale because its starch crystallizes again, and it does so fastest just above freezing.
Here is what helps:

1. **Do not put it in the fridge.** Room temperature is better, the freezer is best.
2. **Keep the cut side down** on a wooden board, or in a paper bag inside a bread box.
3. **Freeze slices** on the day you buy the loaf. They thaw in the toaster within two minutes.

If a loaf has become hard, sprinkle it with water and bake it at 180 °C for about eight minutes. That
melts the crystals again, so the crumb is soft for an hour or two. Would you like a recipe for what
is left over?`,
  },
  {
    text: `import { readFile } from "node:fs/promises";

interface Account {
  id: string;
  balance: number;
  history: { at: Date; amount: number; note?: string }[];
}

/** Moves money between two accounts; throws if the first has too little. */
export function transfer(from: Account, to: Account, amount: number, note = ""): void {
  if (amount <= 0) throw new RangeError("amount must be positive");
  if (from.balance < amount) {
    throw new Error(\`account \${from.id} has only \${from.balance.toFixed(2)}\`);
  }
  from.balance -= amount;
  to.balance += amount;
  const at = new Date();
  from.history.push({ at, amount: -amount, note });
  to.history.push({ at, amount, note });
}

export async function loadAccounts(path: string): Promise<Map<string, Account>> {
  const rows: Account[] = JSON.parse(await readFile(path, "utf8"));
  return new Map(rows.map((row) => [row.id, row]));
}`,
  },
  {
    question: "为什么月亮有时候在白天也能看见？请简单解释。",
    text:
      `月亮本身不发光，我们看到的是它反射的太阳光。白天能不能看见月亮，主要取决于两个条件：第一，月亮要在地平线以上；第二，
它和太阳在天空中的距离不能太近。上弦月通常在下午就升起来，下弦月要到中午才落下，所以这些日子的白天都能看到它。满月则相反：
太阳落山时它才升起，因此只在夜里出现。新月离太阳太近，又是背光的一面朝着我们，所以看不见。简单地说：月亮白天也在天上，
只要够亮、位置合适，我们就能看到它。`,
  },
  {
    text:
      `The harbour of Lindow was closed to sailing ships in the spring of 1871, when the new railway
bridge proved too low for their masts. Within ten years the rope walks had fallen silent, and the
families who had lived by them moved inland to the mills. What remained was the fish market, which
opened at four in the morning and was over by seven, and a school of navigation with eleven pupils.
The historian Ada Perrin has argued that the town's decline was neither sudden nor inevitable; the
council had twice refused to pay for a swing bridge, each time by a single vote. Her account rests
on letters, tax rolls and the minutes of the harbour board, and it corrects the older view that the
railway company alone was to blame.`,
  },
  {
    question: "Schreib mir bitte eine kurze E-Mail, in der ich einen Termin verschiebe.",
    text: `Betreff: Verschiebung unseres Termins am Donnerstag

Guten Tag Frau Keller,

leider kann ich unseren Termin am Donnerstag um 14 Uhr nicht wahrnehmen, weil eine Besprechung
dazwischengekommen ist. Wäre es Ihnen möglich, ihn auf Freitagvormittag oder den Montag danach zu
legen? Ich richte mich gern nach Ihnen. Die Unterlagen schicke ich Ihnen wie versprochen bis morgen.

Mit freundlichen Grüßen
Jonas Weber`,
  },
  {
    text: `## POST /v2/orders

Creates an order. The body is JSON; unknown fields are refused with status 422.

| field | type | required | meaning |
|---|---|---|---|
| \`customer_id\` | string | yes | who orders |
| \`items\` | array | yes | 1 to 100 of \`{ "sku": string, "quantity": integer }\` |
| \`coupon\` | string | no | at most one |

\`\`\`bash
curl -X POST https://api.example.com/v2/orders \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"customer_id": "c_81", "items": [{"sku": "lamp-04", "quantity": 2}]}'
\`\`\`

Returns \`201\` with the order, or \`409\` if an item is out of stock: \`{"error": {"code": "out_of_stock"}}\`.`,
  },
  {
    question: "Explique en quelques phrases comment fonctionne un vaccin, et donne un exemple.",
    text:
      `Un vaccin présente au corps une forme inoffensive d'un microbe, ou seulement une partie de celui-ci.
Le système immunitaire apprend ainsi à le reconnaître et fabrique des anticorps et des cellules
mémoire. Si le vrai microbe arrive plus tard, la défense est prête et réagit en quelques heures au
lieu de plusieurs jours. Par exemple, le vaccin contre le tétanos contient une toxine rendue
inactive ; il faut un rappel tous les dix ou vingt ans, car la mémoire s'affaiblit avec le temps.`,
  },
  {
    text: `def moving_average(values, window):
    """Return the averages of each run of \`window\` neighbouring values."""
    if window < 1:
        raise ValueError("window must be at least 1")
    total = sum(values[:window])
    averages = [total / window] if len(values) >= window else []
    for old, new in zip(values, values[window:]):
        total += new - old
        averages.append(total / window)
    return averages


SELECT c.name, COUNT(o.id) AS orders, SUM(o.total) AS revenue
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id AND o.created_at >= '2024-01-01'
GROUP BY c.id
HAVING COUNT(o.id) > 3
ORDER BY revenue DESC
LIMIT 20;`,
  },
  {
    question: "Tres consejos para aprender a tocar la guitarra siendo adulto.",
    text:
      `1. Practica poco, pero todos los días: quince minutos diarios valen más que dos horas el domingo.
2. Empieza con canciones que te gusten y que tengan solo tres acordes; la motivación importa más que
la técnica al principio.
3. Grábate una vez por semana. Al oírte notarás los errores de ritmo y también cuánto has mejorado.
Y no te preocupes si te duelen los dedos: en un mes la piel se acostumbra.`,
  },
];
