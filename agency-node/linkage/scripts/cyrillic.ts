/** Cyrillic: Russian, Ukrainian, Belarusian, Bulgarian, Serbian, Macedonian, Kazakh and neighbours. Own table. */
import { letterTable, readLetters } from "./letters.ts";

const LETTERS = letterTable(`
  а=a б=b в=V г=g д=d е=e ё=yo ж=J з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t ти=2i тё=2o тя=2a тю=2u у=u ф=f х=X ц=Z ч=C ш=S щ=W ъ= ы=y ь=
  э=e ю=yu я=ya дж=J дз=z тс=z тш=C тч=C кс=ks ье=ye ьё=yo ья=ya ью=yu ьи=yi
  і=i ї=yi є=ye ґ=g ў=w ј=y ђ=J ћ=C љ=ly њ=ny џ=J ѓ=J ќ=C ѕ=z ѐ=e ѝ=i
  ә=a ғ=g қ=k ң=ng ө=o ұ=u ү=u һ=H ӣ=i ӯ=u ҳ=X ҷ=J
`);

export function readCyrillic(word: string): string {
  return readLetters(word, LETTERS);
}
