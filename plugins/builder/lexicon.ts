/**
 * Words that tell what an assistant is about: by category in English, and Chinese terms with an
 * English gloss, so that one lexicon and one (English) embedding model serve both. Pure.
 */
import type { Category } from "./categories.ts";

/** Beginnings of words, "*" for any ending; those that tell more stand under `strong`. */
interface Words {
  readonly strong: string;
  readonly weak: string;
}

const WORDS: Readonly<Record<Category, Words>> = {
  writing: {
    strong:
      "typo* spelling invitation* content-writ* writer* copy-writ* title* wording* outline* essay* novel* poem* poet* haiku stor* fiction copywrit* screenplay* ghostwrit* proofread* blog* article* lyric* cover-letter* speech* prose newsletter* headline* resume* rhyme* edit* paraphras* rewrit* manuscript* document*",
    weak:
      "write writing written text* letter* draft* character* plot* grammar word* tone style publish* post* note* editor*",
  },
  productivity: {
    strong:
      "presentation* slides powerpoint ppt sheets form* career* interview* hiring resume-review* mind-map* checklist* office todo* meeting* calendar* schedul* planner* agenda* procrastinat* email* inbox* task* deadline* action-item* minutes time-management focus habit* okr* spreadsheet* excel reminder* organi*",
    weak:
      "plan* goal* week* day daily routine* office work summar* priorit* urgent reply replies step* remind*",
  },
  research: {
    strong:
      "scholar* statistic* survey-paper* patent* theor* paper* literature thesis dissertation* academ* scientific scientist* citation* cite* hypothes* evidence fact-check* research* journal* peer-review* methodolog* experiment* statement* claim*",
    weak: "source* stud* method* review* analy* data conclusion* sociology summar* reference*",
  },
  programming: {
    strong:
      "prompt-engineer* tailwind latex markdown leetcode machine-learning neural* ai-model* llm* linux cloud mobile-app* api* framework* library libraries npm swift kotlin php laravel vue angular node arduino embedded solidity smart-contract* code* coding coder* program* software* developer* python javascript typescript rust java golang c++ sql regex* debug* bug* kubernetes docker linux git api* database* react css html frontend backend algorithm* devops unit-test* compiler* script* bash shell server* stack-trace* refactor*",
    weak: "function* test* log* deploy* pattern* query quer* web app*",
  },
  education: {
    strong:
      "debate* guitar piano citizenship-test* mentor* learner* encyclopedia* science classroom* tutor* teach* homework exam* pupil* student* school* lesson* math* algebra* geometry physics chemistry biology geography quiz* flash-card* flashcard* curriculum* classroom* kid* child* learn* university* course* history lecture-note* primary",
    weak:
      "test* music explain* example* question* daughter* son* year-old grade* practice science*",
  },
  lifestyle: {
    strong:
      "stylist* movie* film* book-recommend* bottle* concert* hobby hobbies tarot* astrolog* restaurant* photography shopping birthday* cook* recipe* fridge* meal-plan* kitchen* travel* trip* itinerar* vacation* holiday* hotel* garden* houseplant* plant* gift* present* wedding* fashion outfit* pet* dog* cat* parent* dating party home* diy wine* restaurant-tip* ingredient* clean*",
    weak:
      "train* weekend* europe* food* dinner* family friend* shopping movie* music* cheap* dish*",
  },
  design: {
    strong:
      "figma stable-diffusion dall-e logo* architect* graphic* design* colo*r-palette* palette* font* typograph* logo* poster* ui ux usability layout* interior* decorat* illustrat* image-generat* image* photo* drawing* sketch* brand-identity figma wireframe* contrast midjourney art",
    weak: "colo* visual* screen* style* spacing idea* web* creativ* apartment*",
  },
  language: {
    strong:
      "dutch polish turkish swedish danish norwegian finnish czech greek hebrew arabic hindi thai vietnamese indonesian ukrainian hungarian mandarin cantonese latin translator* localis* localiz* dialect* multilingual ielts toefl translat* vocabulary french spanish german japanese english chinese korean italian russian portuguese conversation-partner pronunciation grammar fluent* language* bilingual idiom* interpret* dictionar* speaking-practice",
    weak: "learn* speak* talk* word* correct* practi*",
  },
  finance: {
    strong:
      "econom* trading trader* quant* audit* budget* tax* invest* stock* fund* bond* debt* loan* saving* mortgage* bank* finance* financial account* bookkeep* expense* pension* retirement crypto* insurance credit money invoice* wealth salary interest-rate*",
    weak: "spend* overspend* risk* pay* month* cost* price*",
  },
  "customer-support": {
    strong:
      "guest* hotel-guest* call-center* customer* support* help-desk* helpdesk* refund* complaint* complain* return* after-sales ticket* service-desk faq* warranty router* troubleshoot* apologi* angry delivery call-cent*",
    weak: "shop* polite* order* product* repl* answer* service human review* client*",
  },
  "market-analysis": {
    strong:
      "e-commerce* ecommerce* merchan* negotiat* growth-hack* copy-ad* promotion* market* competitor* competition* swot segment* consumer* survey* audience* go-to-market pricing trend* industry seo advertis* campaign* slogan* startup* business-model* positioning lead* questionnaire* sales",
    weak:
      "brand* price* compar* feature* customer* product* sell* company compan* channel* strateg* business*",
  },
  health: {
    strong:
      "emotional* psycholog* disease* nurse* nursing counsel* comfort* health* fitness* workout* gym* run* runner* exercis* calorie* protein* diet* nutrition* sleep* insomnia* anxi* depress* stress* therap* mental* meditat* yoga medical medicine* doctor* symptom* weight muscle* mindful* wellbeing pain* body",
    weak: "coach* meal* habit* train* gentle feel* calm*",
  },
  games: {
    strong:
      "mud text-adventure* gamer* npc* game* gaming dungeon* rpg chess riddle* puzzle* trivia adventure* role-play* player* brain-teaser* quest* twenty-questions poker sudoku crossword* fantasy minecraft board-game* play idiom-chain",
    weak: "fun guess* hint* win* lose* character*",
  },
  other: {
    strong:
      "joke* insult* sarcas* persona chat anything everything pirate* law* legal* contract* clause* lawyer* horoscope* religio* politic* philosoph* steam",
    weak: "talk nice friend* companion* someone funny grumpy",
  },
};

const STRONG = 2;
const WEAK = 0.7;

/** How much the words of an English text speak for each category; 0 for most. */
export function wordScores(text: string): Map<Category, number> {
  const words = joined(text);
  const scores = new Map<Category, number>();
  for (const { category, pattern, weight } of PATTERNS) {
    const hits = new Set(words.match(pattern) ?? []).size;
    if (hits > 0) scores.set(category, (scores.get(category) ?? 0) + hits * weight);
  }
  return scores;
}

/** The words of a text that the lexicon knows, strongest first, without repetition. */
export function knownWords(text: string): string[] {
  const words = joined(text);
  const found = [...PATTERNS].sort((a, b) => b.weight - a.weight)
    .flatMap(({ pattern }) => words.match(pattern) ?? []);
  return [...new Set(found)];
}

const PATTERNS = Object.entries(WORDS).flatMap(([category, { strong, weak }]) =>
  ([[strong, STRONG], [weak, WEAK]] as const).map(([list, weight]) => ({
    category: category as Category,
    weight,
    pattern: new RegExp(
      `(?<![\\p{L}\\p{N}-])(?:${list.split(" ").map(wordSource).join("|")})(?![\\p{L}\\p{N}])`,
      "giu",
    ),
  }))
);

function wordSource(word: string): string {
  return word.replaceAll("+", "\\+").replaceAll("*", "\\p{L}*");
}

/** Compounds of the lexicon as one word each, as it writes them. */
function joined(text: string): string {
  return COMPOUNDS.reduce(
    (words, [apart, together]) => words.replace(apart, together),
    text.toLowerCase(),
  );
}

const COMPOUNDS = Object.values(WORDS).flatMap(({ strong, weak }) => `${strong} ${weak}`.split(" "))
  .filter((word) => word.includes("-"))
  .map((word) => {
    const stem = word.replaceAll("*", "");
    return [new RegExp(`\\b${stem.replaceAll("-", "[ -]")}`, "giu"), stem] as const;
  });
