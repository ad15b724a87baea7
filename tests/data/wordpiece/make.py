#!/usr/bin/env python3
"""Writes vocab-*.txt, tokenizer-*.json and cases-*.jsonl in this folder.

    pip install tokenizers==0.22.2
    python make.py            new cases from the vocabularies that are here
    python make.py --train    new vocabularies first (their order differs from run to run)

The sentences were written for this test; every expected value is what the package computed.
"""
import json
import os
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, BertWordPieceTokenizer, Tokenizer, decoders, models
from tokenizers import normalizers, pre_tokenizers, processors

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

# ------------------------------------------------------------------------------ languages
LATIN = [
    "Grandmother Ilse keeps two hens and a blue bicycle behind the bakery in Harrowgate.",
    "The harbour master doesn't like it when we're late, and she'll tell you so!",
    "On 14 March 2021, at 7:45 p.m., Dr. O'Keefe paid $1,299.50 (plus 8.25% tax) for it.",
    "Is that the re-opened north-side library, or isn't it? I can't tell; ask Mr. Vance.",
    "Send the report to anna_lee+notes@example.org or see https://example.org/a?b=c#d.",
    "New York and New Orleans are newer than the old towns, said nobody who knew them.",
    "Fünf größere Straßenbahnen fuhren über die Brücke nach Süderlügum, ÄRGERLICH spät.",
    "Das Weißbrot heißt hier „Semmel“ – Jürgen sagte: ‚Schön, zwölf Stück!‘",
    "L'été dernier, Zoé a mangé trois crêpes près de l'église Saint-Benoît à Évreux.",
    "Où est passé le cœur de l'œuvre ? « Là-bas », répondit Noël, très gêné…",
    "¿Dónde está el niño? ¡Mañana vendrá con su pingüino y un montón de piñas!",
    "O avião não chegou a São Simão; amanhã a irmã da Conceição trará pão e maçãs.",
    "Perché Niccolò è già qui? Più tardi andrà in città a comprare caffè.",
    "İstanbul'da ılık bir gün: Işıl çiğ köfte ve şalgam içti, İrem ise ĞÜNEŞ gördü.",
    "Hôm qua bà Nguyễn Thị Ngọc Ánh mua nước mắm ở chợ Đồng Xuân gần hồ Hoàn Kiếm.",
    "Za żółtą łąką śpi gęś, a źrebię Łucji ćwiczy skoki koło Łodzi.",
    "Příliš hlučný vlak přijel do Plzně; Jiří nesl tři ďábelsky těžké kufry.",
    "Őszi esőben Győző bácsi körtét és fűszeres kürtőskalácsot árult Pécsett.",
    "Ștefan și Ioana țin o pâine caldă în mâini, iar câinele așteaptă lângă Brașov.",
    "Åsa spiser rød grød på Ærø, mens Øyvind køber blåbær i Tromsø.",
    "Þórður og Æsa sáu ísbjörn við Ísafjörð í gær, það var ótrúlegt.",
    "Kõik õpilased sõid jäätist; Šarūnas ir Ąžuolas valgė šaltibarščius, Ņina dzēra tēju.",
    "Il-kelb ta' Ġorġ ħareġ għal żmien twil lejn Għawdex.",
    "Rhedodd y ci tŷ tua'r môr; dywedodd Siân ei bod hi'n ŵyl.",
]
GREEK = [
    "Ο Οδυσσέας μένει στην οδό Ερμού· ο γάτος του είναι μικρός.",
    "Η ΑΘΗΝΑ ΚΑΙ Ο ΠΕΙΡΑΙΑΣ ΕΧΟΥΝ ΗΛΙΟ, ΕΙΠΕ Ο ΓΙΩΡΓΟΣ.",
    "Πότε θα έρθεις; Ϊσως αύριο, με τον προϋπολογισμό και ΰστερα.",
    "ἐν τῷ κήπῳ ᾖν ὁ ἵππος ὃν εἶδον ᾯ ᾼ ῼ",
    "ΣΑΣ ΣΟΦΟΣ σς Σ",
]
CYRILLIC = [
    "Вчера Пётр Ильич купил ещё один чёрный зонт в Архангельске.",
    "Йод и ёлка стоят у окна; съёмка началась в 9:30, а подъезд закрыт.",
    "Їжак і ґава їдять борщ у Києві, де живе моя тітка Ївга.",
    "Ќерка ми Ѓурѓа чита во Скопје, а Љиљана пева у Ћуприји.",
    "Мунхзаяа Улаанбаатарт өнөөдөр үүл үзэв.",
    "ЗИМОЙ В ОМСКЕ ХОЛОДНО, НО КРАСИВО!",
]
SEMITIC = [
    "زارت ليلى مدينة طنجة يوم الأحد، واشترت ثلاثة كتب.",
    "كَتَبَ الوَلَدُ دَرْسَهُ بِقَلَمٍ أَزْرَقَ ثُمَّ نَامَ.",
    "پروین در شیراز چای می‌نوشد و گلابی می‌خورد؛ هوا خوب است؟",
    "آج حامد لاہور سے کراچی جا رہا ہے۔",
    "האחות של דנה גרה בחיפה ליד הים ויש לה חתול לבן.",
    "הַיֶּלֶד אָכַל תַּפּוּחַ אָדֹם בַּגִּנָּה שֶׁל סָבָא.",
    "ܐܢܐ ܟܬܒ ܐܢܐ ܟܬܒܐ",
    "ކުދިން މޫދަށް ދިޔަ",
    "ሰላም አበበ በአዲስ አበባ ቡና ጠጣ። ከዚያ ወደ ቤት ሄደ፡፡",
]
INDIC = [
    "रमेश की दादी ने कल पुणे में बीस लड्डू बनाए, और ज़रा-सी चाय पी।",
    "আজ সকালে রীনা ঢাকায় দুটি আম ও কাঁঠাল কিনেছে।",
    "ਗੁਰਪ੍ਰੀਤ ਨੇ ਅੰਮ੍ਰਿਤਸਰ ਵਿੱਚ ਲੱਸੀ ਪੀਤੀ।",
    "મીનાબેન અમદાવાદમાં ખમણ ખાય છે.",
    "மலர்விழி மதுரையில் கோவில் அருகே பூ வாங்கினாள். கொடு கெ ொ",
    "రాము విజయవాడలో ఇడ్లీ తిన్నాడు.",
    "ಕಾವೇರಿ ಮೈಸೂರಿನಲ್ಲಿ ದೋಸೆ ತಿಂದಳು; ಕೊ ಕೋ ೀ.",
    "ലീല കൊച്ചിയിൽ മഴ നനഞ്ഞു നടന്നു.",
    "නිමල් කොළඹ තේ බීව්වා. ෞ කෝ",
    "ཨ་མ་ལགས་ཀྱིས་ལྷ་སར་ཇ་བཏུང་། ཀྵ གྷ ཱི ཱུ",
]
SEASIA = [
    "สมชายกินข้าวผัดที่เชียงใหม่เมื่อวานนี้ ราคา ๔๕ บาท",
    "ນາງຄໍາ ໄປຕະຫຼາດ ຢູ່ວຽງຈັນ",
    "សុខា ទៅផ្សារនៅភ្នំពេញ ដើម្បីទិញត្រី។",
    "မောင်လှသည် ရန်ကုန်တွင် လက်ဖက်ရည်သောက်သည်။",
    "ᠮᠣᠩᠭᠣᠯ ᠬᠦᠮᠦᠨ ᠮᠣᠷᠢ ᠤᠨᠤᠪᠠ᠃",
    "ᜀᜅ᜔ ᜊᜆ ᜌ᜴ ᜈᜒᜎ᜔",
    "ᬅᬓ᭄ᬱᬭ ᬩᬮᬶ ᬆᬇ",
]
CAUCASUS = [
    "ნინო თბილისში ცხოვრობს და ხაჭაპური უყვარს.",
    "ᲜᲘᲜᲝ ᲑᲐᲗᲣᲛᲨᲘ ნინო",
    "Անահիտը Երևանում սուրճ է խմում։ ԲԱՐԵՎ, և ինչո՞ւ ոչ։",
    "ᏣᎳᎩ ꮳꮃꭹ",
]
EASTASIA = [
    "小林昨天在南京西路买了三本书，一共花了九十八元。",
    "臺北的雨下個不停，阿梅還是騎車去學校！",
    "明日、さくらちゃんは「京都タワー」でコーヒーを飲みます。",
    "ガギグゲゴ パピプペポ がぎぐ ぱぴぷ ヴ",
    "カ\u3099キ\u3099ク\u3099 ハ\u309aヒ\u309a か\u3099き\u3099 ウ\u3099 \u3099 \u309a",
    "ｶﾞｷﾞｸﾞ ﾊﾟﾋﾟ ﾃｽﾄ",
    "지수는 어제 부산에서 맛있는 국밥을 먹었다. 값이 얼마예요?",
    "\u1112\u1161\u11ab\u1100\u1173\u11af 한글 \u1100\u1161 가 각 힣",
    "ㅋㅋㅋ ㅎㅏㄴ ㄱㅡㄹ",
    "ABC東京xyz 2024年5月 第3回 𠀀𠮷野家 𫠝",
    "ꀀꀁ ꆈꌠ 㐀㐁 ㄅㄆㄇ",
]

# -------------------------------------------------------------------------------- oddities
ODD = [
    "a👩‍👩‍👧‍👦b 👍🏽 🇫🇷🇯🇵 ❤️ 🏴\U000E0067\U000E0062\U000E007F 1️⃣ ☕",
    "\U0001D400\U0001D41A \U0001D4D0\U0001D4EA \U0001D538 \U0001D7D8 ℂ ℝ ∑x² ≤ ∞ ≠ ⩽ ∄",
    "ＦＵＬＬ　ｗｉｄｔｈ１２３！？（ａ）［ｂ］",
    "ﬁne ﬂag ﬃ ﬄ ﬆ ĳ Ǆ ǅ ǆ ſpring ŉ №5 ™ ℡ ㎏ ㍿ Ⅷ ⅷ ½",
    "e\u0301te\u0301 E\u0301TE\u0301 e\u0301\u0323 e\u0323\u0301 \u0301a a\u0301 b\u0301c",
    "q\u0307\u0323 q\u0323\u0307 a\u0315\u0300\u05ae\u0062 a\u05ae\u0300\u0315b",
    "\u0344x x\u0344 \u0340\u0341\u0343 \u0374 \u037e \u0387",
    "x\u302e\u3099 x\u3099\u302e \u302a\u302b가\u302f",
    "\U0001D15E\U0001D15F \U0001D158\U0001D165 x\U0001D165\U0001D16Dy \U0001D1BB",
    "\u0ddf \u0ddd\u0ddc \u0dda \u0dd9\u0dca \u0ddc\u0dca",
    "\u0f73 \u0f75 \u0f81 \u0f71\u0f72 \u0f72\u0f71 a\u0f73\u0301b \u0fb2\u0f81",
    "\u0958 \u09dc \u0a33 \u0b48 \u0bcb \u0cc8 \u0d4c \u1026 \u1b06 \u110ab \U000110AB",
    "Å Å A\u030a Ω Ω K K \u212b\u0323",
    "豈更車 \uf900\uf901 \ufa0e \U0002F800\U0002F801 丽 \ufad9 \ufada",
    "Ǖǖ Ṩṩ ẛ\u0323 ẞß ỳ Ự ự ȡ ẗ ǰ",
    "İIıi I\u0307 i\u0307 İ\u0307 ﬀ ΐ ᾳ ŉ",
    "a\u20dd b\u20e3 c\u0488 d\u1abe e\u1ac0 f\u08ca g\U00011EFF",
    "\u0600\u061c\u06dd\u070f\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u2060\ufeff x",
    "zero\u200bwidth soft\u00adhyphen word\u2060joiner bom\ufeffinside \u200bstart end\u200b",
    "a\u0000b\u0001c\u001fd\u007fe\u0080f\u009fg",
    "h\u0085i\u000bj\u000ck l\u0085m \u000b \u000c",
    "tab\there new\nline car\rret\r\nend",
    "nb\u00a0sp en\u2002em\u2003th\u2009ha\u200ana\u202fma\u205fid\u3000og\u1680 ls\u2028ps\u2029z",
    "\ufffd a\ufffdb \ufffc \ufff9\ufffa\ufffb \ufffe \uffff",
    "pua \ue000\ue001 x\uf8ffy \U000F0000 \U0010FFFD",
    "\u0378 a\u0379b \u0870\u0890 \U000E0080 \U0003FFFF \U000C0DE0 \U0010FFFF",
    "\U000110BD \U000110CD \U00013430x \U0001BCA0y \U0001D173z \u08e2 \u0605",
    "𐐀𐐨 𞤀𞤢 Ꭓ ꭣ 𑢠𑣀 𖹀𖹠 Ⰰⰰ Ɐ ꞓ Ɤ \u1c89 \ua7cb",
    "𝔘𝔫𝔦 𓀀𓀁 𒀀 𐎀 𐤀 𐌰 ᚠᛁ ⠓⠑ ♠♣ ☃ ⛄ ⚠️",
    "\u166d\u1806 \u2e3a \u2e43 \u2e52 \u2e5d \u3030 \ua92e \U0001F67C \U00010100 \U0001BC9F",
    "a€b ±5° 3×4÷2 ¢£¥ § ¶ · « » ‹x› – — ‒ … ‐ ‘q’ “Q” † ‡ • ′ ″ ⁄ ⁂ 〜 ・",
    "\u00aa\u00ba x² y³ a₁ ⁿ ᵃ \u02b0\u02bc \u02c6",
    "\u1e9b\u0323 \u1e9b\u0307 \u0345\u0391 \u1fb3 \u1f80 \ufb1d \ufb2c \ufb4f",
    "\u3164x \u115f\u1160 \uffa0 \u2800 \u00a0",
    "\ua66f \ua670a a\u0483 \u0591\u05bfa \u0610\u0670b \u06e5\u06e6 \u0730 \u07eb",
    "\u093c\u0915 क\u093c\u094d क\u094d\u093c \u09bc \u0b3c \u1037\u1039 \u103a",
    "\U0001F1E6\U0001F1E7\U0001F1E8 \U0001F9D1\u200d\U0001F680x \u263a\ufe0e\ufe0f \U000E0100",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309b",
    "c\u0327\u0301 \u0301\u0327c \u1dce\u0334\u0345\u035c\u0360x o\u031b\u0323 ơ\u0323 ợ",
    "\u0fb3\u0f80 \u0f76 \u0f77 \u0f78 \u0f79 \u2add\u0338 \u2adc ≯ >\u0338",
]

# ------------------------------------------------------------------------- words and marks
WORDY = [
    "",
    " ",
    " \t\n  \u3000 ",
    "\u0301",
    "\u200b",
    "a",
    ".",
    "##a a##b ## ##",
    "hello [SEP] world",
    "hello[MASK]world [CLS][SEP] [PAD]x",
    "[sep] [Sep] [SEP [SEP]] [[SEP] [UNK] [ SEP ]",
    "[MASK]\u0301 \u0301[MASK] [MA\u0301SK] [\u200bMASK]",
    "Wait... what?!?! No way!!! --- *** ((a)) <b/> {c} ~`@#$%^&*_+=|\\:;\"'",
    "'tis o'clock rock'n'roll ''quoted'' don''t",
    "_under_score_ __init__ a_b",
    "x" * 100,
    "x" * 101,
    "é" * 100,
    "e\u0301" * 51,
    "뷁" * 40,
    "lo" * 50 + " " + "lo" * 50 + "l",
    "hahahahahahahahahaha nooooooooo sssssss",
    "中" * 12,
    "!" * 15,
    "the the the theThe THE tHe",
    "unwantedly unhappiness harbourmaster's grandmothers bicycles",
    "1234567890 3.14159 1,000,000 0x1F 12e-5 50% #1",
    "I  have   many    spaces     here",
    " leading and trailing ",
    "Ab1Cd2 iPhone15 B2B H2O COVID-19",
    "she'll we're isn't I'm they've do not . , ! ?",
    "Harrowgate's bakery/hen-house: 2 for 1",
    "a\u00adb\u00adc re\u00adport",
    "\ufeffHello from a file with a byte order mark",
]

# -------------------------------------------- texts for the configuration with added tokens
ADDED_TEXTS = [
    "unit\u6771\u4eac x", "<wsl>\u6771\u4eac",
    "a [X] b[X]c [x] [X][X]",
    "hello  <ent>  world <ent>x x<ent>",
    "hello  <end>  world <end>x x<end>",
    "hello  <mid>  world<mid>  <mid>  \t<mid>\nz",
    "<ent><end><mid> <ent> <end> <mid>",
    "foo foobar foo-bar _foo foo_ FOO Foo fóo (foo) éfoo fooé 東foo",
    "bar barfoo bar. BAR bar_ \u0301bar bar\u0301 bar\u200b bárbar",
    "CAFÉ café cafe Cafe\u0301 cafés decaf\u00e9 CAFÉCAFÉ",
    "Éa éa ea E\u0301a xÉay",
    "Straße strasse STRASSE STRAßE straße",
    "東京都 京都 東京 東 京 x東京y 京都東京 東\u200b京",
    "ab abc abcd bcd bc aabcdd ABC ABCD Abc",
    "New York City New York York City new york city NewYork New  York New\tYork",
    "the then bathe the. THE other",
    "<S> <s> a<S>b <S>\u0301 <\u0301S>",
    "a<wsl> <wsl>b  <wsl>  <wsl> c<wsl>",
    "\u00a0<mid>\u3000<mid>\u2003x \u0085<mid>\u000b<mid>",
    "한국 \u1112\u1161\u11ab국 한국어 x한국y",
    "e\u0323\u0301x ẹ\u0301x é\u0323x",
    "[MASK] [MASK]foo foo[MASK] [MASK]  <mask> <mask>x",
    "-- --- ---- a--b",
    "co\u00f6p coop COÖP co\u0308op",
    "uni\u200bt unit UNIT",
    "<ent> foo <end> ABC 東京 [X] <mid> CAFÉ . New York , bar ! [SEP] [MASK]",
    "",
    "   ",
    "<mid>",
    "  <mid>  ",
]
ADDED = [
    AddedToken("[X]", special=True),
    AddedToken("<ent>", lstrip=True, special=True, normalized=False),
    AddedToken("<end>", rstrip=True, special=True, normalized=False),
    AddedToken("<mid>", lstrip=True, rstrip=True, special=False, normalized=False),
    AddedToken("<wsl>", lstrip=True, rstrip=True, special=False, normalized=True),
    AddedToken("<S>", special=True, normalized=True),
    AddedToken("<mask>", lstrip=True, single_word=True, special=True, normalized=True),
    AddedToken("foo", single_word=True, normalized=True),
    AddedToken("bar", single_word=True, normalized=False),
    AddedToken("CAFÉ", normalized=True),
    AddedToken("Éa", normalized=False),
    AddedToken("Straße", normalized=True),
    AddedToken("東京", normalized=True),
    AddedToken("京都", normalized=False),
    AddedToken("ab", normalized=True),
    AddedToken("abc", normalized=False),
    AddedToken("bcd", normalized=True),
    AddedToken("ABC", normalized=True, single_word=True),
    AddedToken("New York", normalized=True),
    AddedToken("York City", normalized=True),
    AddedToken("the", single_word=True, normalized=True),
    AddedToken("한국", normalized=True),
    AddedToken("ẹ\u0301x", normalized=True),
    AddedToken("--", normalized=True),
    AddedToken("---", normalized=False, single_word=True),
    AddedToken("coöp", normalized=False),
    AddedToken("unit", normalized=True, rstrip=True),
]

PAIRS = [
    ("hello", "world !"),
    ("", "only the second"),
    ("only the first", ""),
    ("", ""),
    ("Où est Zoé ?", "Elle est à Évreux."),
    ("東京 [SEP] x", "e\u0301 \u0301[MASK] y"),
]
WORDS = [
    ["don't", "hello"],
    ["", "hello", " ", "\u0301", "world"],
    [],
    [""],
    ["Ilse", "keeps", "two hens", "[SEP]", "x[MASK]y", "Süderlügum", "."],
    ["東京", "한글", "e\u0301te\u0301", " a ", "\u200bb"],
    ["Grandmother", "Ilse's", "bicycle", "x" * 101, "!?"],
    ["<ent>", " <mid> ", "foo", "New York", "CAFÉ", "東京"],
]
LONG = "Grandmother Ilse keeps two hens and a blue bicycle behind the bakery."
OTHER = "The harbour master can't tell; she paid $5 for crêpes."
WINDOWS = (
    [(LONG, None, m, s, t, False) for m, s, t in [
        (8, 0, "longest_first"), (8, 2, "longest_first"), (8, 5, "longest_first"),
        (3, 0, "longest_first"), (2, 0, "longest_first"), (64, 10, "longest_first"),
        (10, 3, "only_first"), (24, 1, "only_first")]]
    + [(LONG, None, 6, 2, "longest_first", True), (LONG, None, 1, 0, "longest_first", True),
       ("", None, 4, 1, "longest_first", False), ("[SEP] e\u0301 [SEP] 東京 x", None, 4, 1,
                                                   "longest_first", False)]
    + [(LONG, OTHER, m, s, t, False) for m, s, t in [
        (12, 0, "longest_first"), (13, 2, "longest_first"), (3, 0, "longest_first"),
        (30, 4, "longest_first"), (24, 3, "only_first"), (24, 4, "only_second"),
        (40, 0, "only_second"), (80, 0, "longest_first")]]
    + [("hello", OTHER, 8, 1, "longest_first", False), (LONG, "hello", 8, 1, "longest_first", False),
       (LONG, OTHER, 9, 2, "longest_first", True)]
)
WINDOW_WORDS = [
    (["Ilse", "keeps", "two hens", "", "Süderlügum", "can't", "tell", "."], 6, 1),
    (["Ilse", "keeps", "two hens", "", "Süderlügum", "can't", "tell", "."], 7, 0),
]

SENTENCES = LATIN + GREEK + CYRILLIC + SEMITIC + INDIC + SEASIA + CAUCASUS + EASTASIA
SOME = LATIN[:4] + LATIN[6:10] + LATIN[13:16] + GREEK[:3] + CYRILLIC[:3] + SEMITIC[1:2]
SOME += SEMITIC[5:6] + INDIC[:1] + INDIC[4:5] + EASTASIA
SHORT = LATIN[:3] + LATIN[6:9] + GREEK[:1] + EASTASIA[:4] + WORDY[5:15] + WORDY[21:]
FEW_WINDOWS = WINDOWS[1:2] + WINDOWS[12:13]
# name: vocabulary, normalizer options, model options, texts
CONFIGS = {
    "uncased": ("uncased", {}, {}, SENTENCES + ODD + WORDY),
    "cased": ("cased", {"lowercase": False}, {}, SENTENCES + ODD + WORDY),
    "uncased-accents": ("cased", {"strip_accents": False}, {}, SOME + ODD),
    "cased-strip": ("cased", {"lowercase": False, "strip_accents": True}, {}, SOME[4:] + ODD),
    "nochinese": ("uncased", {"handle_chinese_chars": False}, {}, EASTASIA + ODD[:16] + SHORT),
    "noclean": ("cased", {"clean_text": False, "lowercase": False}, {},
                SOME[:8] + ODD + WORDY[:13] + WORDY[27:]),
    "added": ("uncased", {}, {}, ADDED_TEXTS + WORDY[8:13] + SHORT[:8]),
    "added-cased": ("cased", {"lowercase": False, "strip_accents": False}, {}, ADDED_TEXTS),
    "at5": ("uncased", {}, {"prefix": "@@", "longest": 5}, SHORT + ODD[:8]),
    "empty-prefix": ("cased", {"lowercase": False}, {"prefix": ""}, SHORT + ODD[:8]),
}


def path(name):
    return os.path.join(HERE, name)


def train(name, lowercase):
    texts = [t for i, t in enumerate(SENTENCES * 2 + ODD + WORDY) if i % 3 != 1]
    wordpiece = BertWordPieceTokenizer(lowercase=lowercase)
    wordpiece.train_from_iterator(texts + LATIN + [LONG, OTHER], vocab_size=1600,
                                  min_frequency=2, limit_alphabet=640, show_progress=False)
    vocab = sorted(wordpiece.get_vocab().items(), key=lambda item: item[1])
    with open(path("vocab-%s.txt" % name), "w", encoding="utf-8", newline="\n") as file:
        file.writelines(token + "\n" for token, _ in vocab)


def build(name):
    vocab, normalizer, model, _ = CONFIGS[name]
    prefix = model.get("prefix", "##")
    with open(path("vocab-%s.txt" % vocab), encoding="utf-8", newline="\n") as file:
        pieces = file.read().split("\n")[:-1]
    pieces = [prefix + p[2:] if p.startswith("##") and len(p) > 2 else p for p in pieces]
    ids = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(
        ids, unk_token="[UNK]", continuing_subword_prefix=prefix,
        max_input_chars_per_word=model.get("longest", 100)))
    options = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
               "lowercase": True}
    options.update(normalizer)
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=prefix, cleanup=name != "at5")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    tokenizer.add_special_tokens(SPECIALS)
    if name.startswith("added"):
        for token in ADDED:
            if token.special:
                tokenizer.add_special_tokens([token])
            else:
                tokenizer.add_tokens([token])
    return tokenizer


def fields(encoding):
    return {"ids": encoding.ids, "tokens": encoding.tokens, "offsets": encoding.offsets,
            "word_ids": encoding.word_ids, "type_ids": encoding.type_ids,
            "special_tokens_mask": encoding.special_tokens_mask}


def case(tokenizer, text, pair=None, words=None, max_length=None, stride=0,
         truncation="longest_first", no_special=False):
    out = {"words": words} if words is not None else {"text": text}
    if pair is not None:
        out["pair"] = pair
    if no_special:
        out["no_special"] = True
    if max_length is None:
        tokenizer.no_truncation()
    else:
        out.update(max_length=max_length, stride=stride, truncation=truncation)
        tokenizer.enable_truncation(max_length, stride=stride, strategy=truncation)
    special = not no_special
    if words is not None:
        encoding = tokenizer.encode(words, is_pretokenized=True, add_special_tokens=special)
    else:
        encoding = tokenizer.encode(text, pair, add_special_tokens=special)
    out.update(fields(encoding))
    if encoding.overflowing:
        out["overflowing"] = [fields(window) for window in encoding.overflowing]
    out["decoded"] = tokenizer.decode(encoding.ids, skip_special_tokens=False)
    out["decoded_skip"] = tokenizer.decode(encoding.ids, skip_special_tokens=True)
    return out


def cases(name, tokenizer):
    texts = CONFIGS[name][3]
    for text in texts:
        yield case(tokenizer, text)
    for text in texts[:3]:
        yield case(tokenizer, text, no_special=True)
    main = name in ("uncased", "cased")
    for first, second in PAIRS if main else PAIRS[-2:]:
        yield case(tokenizer, first, pair=second)
    for words in WORDS if main or name == "added" else WORDS[4:6]:
        yield case(tokenizer, None, words=words)
    windows = WINDOWS if name == "uncased" else FEW_WINDOWS if name in ("cased", "added") else []
    for first, second, length, stride, how, bare in windows:
        yield case(tokenizer, first, second, None, length, stride, how, bare)
    for words, length, stride in WINDOW_WORDS if main else []:
        yield case(tokenizer, None, None, words, length, stride)


def escape(line):
    out = []
    for char in line:
        kind = unicodedata.category(char)
        if char != " " and kind[0] in "CZ" or "\u0300" <= char < "\u0370":
            units = char.encode("utf-16-be").hex()
            out.extend("\\u" + units[i:i + 4] for i in range(0, len(units), 4))
        else:
            out.append(char)
    return "".join(out)


def main():
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make.py: the cases are defined by tokenizers 0.22.2, this is "
                 + tokenizers.__version__)
    if "--train" in sys.argv[1:]:
        train("uncased", True)
        train("cased", False)
    for name in CONFIGS:
        tokenizer = build(name)
        with open(path("tokenizer-%s.json" % name), "w", encoding="utf-8", newline="\n") as file:
            file.write(tokenizer.to_str() + "\n")
        tokenizer = Tokenizer.from_file(path("tokenizer-%s.json" % name))
        with open(path("cases-%s.jsonl" % name), "w", encoding="utf-8", newline="\n") as file:
            for value in cases(name, tokenizer):
                line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
                file.write(escape(line) + "\n")


if __name__ == "__main__":
    main()
