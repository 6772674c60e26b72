//! Texts of some sixty words, by language.

/// The text of a page in a language: two paragraphs.
pub(super) fn text(language: &str) -> (&'static str, &'static str) {
    TEXTS.iter().find(|(code, ..)| *code == language).map(|(_, first, second)| (*first, *second)).unwrap()
}

#[rustfmt::skip]
const TEXTS: &[(&str, &str, &str)] = &[
    ("en",
     "The harbour council of Lindmouth voted on Tuesday evening to rebuild the eastern breakwater, ending a quarrel that has divided the town for most of a decade and cost two mayors their office.",
     "Nine of thirteen members backed the plan, which will cost forty-one million over six years and close the fish quay to lorries during two winters, while the ferry sails from the old pier."),
    ("de",
     "Der Hafenrat der Stadt hat am Dienstagabend beschlossen, den östlichen Wellenbrecher neu zu bauen, und damit einen Streit beendet, der die Bewohner seit fast zehn Jahren entzweit und zwei Bürgermeister das Amt gekostet hat.",
     "Neun der dreizehn Mitglieder stimmten für den Plan, der über sechs Jahre einundvierzig Millionen kosten wird und den Fischkai in zwei Wintern für Lastwagen sperrt, während die Fähre vom alten Anleger aus fährt."),
    ("fr",
     "Le conseil du port a voté mardi soir la reconstruction de la digue orientale, mettant ainsi fin à une querelle qui divisait la ville depuis près de dix ans et qui avait déjà coûté leur mandat à deux maires.",
     "Neuf des treize membres ont soutenu le projet, qui coûtera quarante et un millions en six ans et fermera le quai aux poissons aux camions pendant deux hivers, tandis que le bac partira de la vieille jetée."),
    ("es",
     "El consejo del puerto votó el martes por la noche reconstruir el rompeolas oriental y puso fin a una disputa que ha dividido a la ciudad durante casi diez años y que ya les había costado el cargo a dos alcaldes.",
     "Nueve de los trece miembros apoyaron el plan, que costará cuarenta y un millones en seis años y cerrará el muelle de pescado a los camiones durante dos inviernos, mientras el barco saldrá del viejo embarcadero."),
    ("ru",
     "Совет порта во вторник вечером решил заново построить восточный волнорез и тем самым закончил спор, который почти десять лет разделял жителей города и стоил должности двум мэрам подряд.",
     "Девять из тринадцати членов совета поддержали план, который обойдётся в сорок один миллион за шесть лет и на две зимы закроет рыбную набережную для грузовиков, а паром будет ходить от старого причала."),
    ("el",
     "Το συμβούλιο του λιμανιού αποφάσισε την Τρίτη το βράδυ να ξαναχτίσει τον ανατολικό κυματοθραύστη, βάζοντας τέλος σε μια διαμάχη που χώριζε την πόλη σχεδόν δέκα χρόνια και είχε κοστίσει τη θέση τους σε δύο δημάρχους.",
     "Εννέα από τα δεκατρία μέλη στήριξαν το σχέδιο, που θα κοστίσει σαράντα ένα εκατομμύρια σε έξι χρόνια και θα κλείσει την προβλήτα των ψαράδων στα φορτηγά για δύο χειμώνες, ενώ το πλοίο θα φεύγει από την παλιά αποβάθρα."),
    ("ar",
     "صوت مجلس الميناء مساء الثلاثاء على إعادة بناء حاجز الأمواج الشرقي، منهيا بذلك خلافا قسم المدينة منذ ما يقرب من عشر سنوات وكلف اثنين من رؤساء البلدية منصبيهما.",
     "وأيد تسعة من الأعضاء الثلاثة عشر الخطة التي ستكلف واحدا وأربعين مليونا على مدى ست سنوات، وستغلق رصيف الصيادين أمام الشاحنات خلال فصلي شتاء، بينما تبحر العبارة من الرصيف القديم."),
    ("he",
     "מועצת הנמל החליטה ביום שלישי בערב לבנות מחדש את שובר הגלים המזרחי, ובכך סיימה מריבה שחילקה את העיר במשך כמעט עשר שנים ועלתה לשני ראשי עיר בתפקידם.",
     "תשעה מתוך שלושה עשר החברים תמכו בתוכנית, שתעלה ארבעים ואחד מיליון במשך שש שנים ותסגור את רציף הדייגים למשאיות בשני חורפים, בעוד המעבורת תפליג מן המזח הישן."),
    ("hi",
     "बंदरगाह परिषद ने मंगलवार की शाम पूर्वी तटबंध को फिर से बनाने का फैसला किया और इस तरह वह झगड़ा समाप्त हुआ जिसने लगभग दस साल से शहर को बाँट रखा था और जिसके कारण दो महापौरों को अपना पद छोड़ना पड़ा था।",
     "तेरह में से नौ सदस्यों ने योजना का समर्थन किया, जिस पर छह साल में इकतालीस करोड़ खर्च होंगे और दो सर्दियों तक मछली घाट ट्रकों के लिए बंद रहेगा, जबकि नौका पुराने घाट से चलेगी।"),
    ("ja",
     "港湾評議会は火曜日の夜、東側の防波堤を建て直すことを決め、十年近くにわたって町を二分し、二人の市長がその職を失うことになった争いにようやく終止符を打った。",
     "十三人の委員のうち九人が計画に賛成した。費用は六年間で四十一億円にのぼり、二度の冬のあいだ魚市場の岸壁はトラックの通行が禁止され、連絡船は古い桟橋から出ることになる。"),
    ("zh",
     "港务委员会周二晚上投票决定重建东侧防波堤，结束了一场使全城分裂近十年、并让两任市长丢掉职位的争执。许多渔民当晚坐在旁听席上，直到深夜才离开会场。",
     "十三名委员中有九人支持这项计划，工程将在六年内耗资四千一百万元，两个冬天里鱼市码头将禁止卡车通行，渡轮则改从旧栈桥出发。"),
    ("ko",
     "항만 위원회는 화요일 저녁 동쪽 방파제를 다시 짓기로 결정하여 거의 십 년 동안 도시를 둘로 나누고 두 명의 시장이 자리에서 물러나게 한 다툼을 마침내 끝냈다고 시청 관계자가 전했다.",
     "열세 명의 위원 가운데 아홉 명이 계획에 찬성했으며 비용은 여섯 해 동안 사백십억 원이 들고 두 번의 겨울 동안 생선 부두에는 트럭이 다닐 수 없으며 여객선은 옛 선착장에서 떠나게 된다."),
    ("th",
     "คณะกรรมการท่าเรือลงมติเมื่อค่ำวันอังคารให้สร้างเขื่อนกันคลื่นด้านตะวันออกขึ้นใหม่ ยุติข้อพิพาทที่ทำให้ชาวเมืองแตกแยกมาเกือบสิบปีและทำให้นายกเทศมนตรีสองคนต้องพ้นจากตำแหน่ง",
     "กรรมการเก้าในสิบสามคนสนับสนุนแผนนี้ ซึ่งจะใช้งบสี่สิบเอ็ดล้านบาทในหกปี และปิดท่าปลาไม่ให้รถบรรทุกเข้าเป็นเวลาสองฤดูหนาว ส่วนเรือข้ามฟากจะออกจากท่าเก่า"),
    ("short", "A notice of the harbour office follows below.", "Work begins in March."),
    ("kurz", "Es folgt eine Meldung aus dem Hafen.", "Die Arbeiten beginnen im März."),
];
