/** Greek, with the pairs of letters that write one sound. Accents are gone already. Own table. */
import { letterTable, readLetters } from "./letters.ts";

const LETTERS = letterTable(`
  α=a β=V γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=ks ο=o π=p ρ=r σ=s ς=s τ=t υ=i φ=f χ=X ψ=ps ω=o
  ου=u αυ=aV ευ=eV μπ=b ντ=d γκ=g γγ=ng τζ=z τσ=z
`);

export function readGreek(word: string): string {
  return readLetters(word, LETTERS);
}
