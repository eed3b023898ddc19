/** Word tables of the scheme: what carries no identity in a name, and what too many people share. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const TITLES: ReadonlySet<string> = new Set(
  words(`
    mr mrs ms miss dr doctor prof professor eng engineer sir lord lady dame rev reverend fr father sister brother
    sheikh shaykh shaikh sheik cheikh chaikh sheij haj hajj hadj haji hajji alhaji alhaj hajjah hadji hojatoleslam ayatollah
    mullah mulla maulana mawlana maulvi mawlawi mawlavi maulawi moulvi molvi imam qari hafiz sardar agha ustad ustadh
    general gen brigadier brig colonel col lieutenant lt ltcol major maj captain capt commander commandant cmdr admiral
    adm sergeant sgt corporal private marshal officer minister president governor judge justice ambassador emir amir
    herr frau mme monsieur madame senor senora don dona signor signora jr sr ii iii iv phd md esq aka fka nee alias
  `),
);

export const PARTICLES: ReadonlySet<string> = new Set(
  words(`
    al el ul ol ad ed ud at et ar er ur as es us az ez ash esh ush ath adh ibn bin ben bint binti binte bn
    ould wuld uld ait ag de del de la las los le les du des da das do dos di dei della delle van von der den ter ten
    zu zum zur af av och y e and of the st san santa
  `),
);

/** Fatherhood and motherhood names: glued to what follows. */
export const KUNYA_WORDS: ReadonlySet<string> = new Set(words("abu abou aboo abo abi umm oum um"));

/** "Nur al-Din" is Noureddine. */
export const GLUED_AFTER_ARTICLE: ReadonlySet<string> = new Set(
  words("din deen dine ddin uddin eldin aldin eddin eddine uldin"),
);

export const LEGAL_FORMS: ReadonlySet<string> = new Set(
  words(`
    ltd limited llc llp lp inc incorporated corp corporation co company plc gmbh ag kg ohg ug sa sas sarl sl srl spa
    spzoo bv nv ab as asa aps oy oyj kft zrt doo dd ood eood ooo oao zao pao ao jsc ojsc cjsc pjsc pte pty bhd sdn tbk pt
    fze fzc fzco fzllc llco ltda cia de cv sab est establishment the and of for
  `),
);

/**
 * Given names and family names that so many bear that one of them, even with a birth date, names nobody: the most
 * frequent of each large language area.
 */
export const COMMON_NAMES: readonly string[] = words(`
  muhammad mohammed ahmad ahmed mahmud hamid ali hasan hassan husayn hussein abdallah abdullah abdrahman ibrahim ismail
  aly alli khalid omar umar uthman osman yusuf yousef salih saleh salim salem said saeed hamza mustafa khan shah rahman aziz karim
  abbas jamal kamal nasir nasser fatima maryam aisha zaynab amina abubakr bakr musa isa daud sulayman idris yahya zakaria tariq
  reza hussaini husayni ahmadi mohammadi hosseini gul haq begum bibi singh kumar kaur devi sharma patel
  john james william robert michael david richard thomas george charles peter paul mark daniel andrew joseph mary anna
  elizabeth sarah jane smith jones brown williams johnson taylor davies wilson evans martin
  jose juan luis carlos antonio manuel jesus francisco javier miguel angel pedro jorge maria carmen ana garcia
  rodriguez gonzalez hernandez lopez martinez perez sanchez ramirez silva santos pereira oliveira
  ivan sergey aleksandr alexander alexei andrei dmitry nikolai vladimir viktor mikhail yuri igor oleg olga elena natalia
  ivanov petrov ivanovich petrovich sergeevich aleksandrovich nikolaevich vladimirovich
  kim lee li park pak choe choi jong wang zhang chen liu yang huang zhao wu nguyen tran le pham
  jean pierre jacques michel philippe marie hans peter klaus giuseppe mario giovanni mehmet mustafa yilmaz kaya
`);

/**
 * Spellings that no rule reaches, each as the usual one: letters that Turkish, Persian and Urdu speak as s or z and Arabic as
 * th or d.
 */
export const WHOLE_WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    osman: "uthman",
    usman: "uthman",
    othman: "uthman",
    ramazan: "ramadan",
    ramzan: "ramadan",
    reza: "rida",
    raza: "rida",
    ridha: "rida",
    fazil: "fadil",
    zulfiqar: "dhulfiqar",
  }),
);
