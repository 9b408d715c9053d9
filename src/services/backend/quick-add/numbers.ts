const WORDS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
] as const
const ORDINALS = ['zeroth', 'first', 'second', 'third', 'fourth', 'fifth'] as const

/** Source of a pattern for a small number; read it with {@link numberOf}. */
export const NUMBER = `(?:\\d{1,3}|an?|${WORDS.slice(1).join('|')})`

export const numberOf = (text: string): number => {
  const word = text.toLowerCase()
  if (/^an?$/.test(word)) return 1
  const index = (WORDS as readonly string[]).indexOf(word)
  return index < 0 ? Number(word) : index
}

/** Source of a pattern for a place in a month; read it with {@link placeOf}. */
export const PLACE = `(?:last|${ORDINALS.slice(1).join('|')}|[1-5](?:st|nd|rd|th))`

/** 1 to 5, or -1 for the last. */
export const placeOf = (text: string): number => {
  const word = text.toLowerCase()
  if (word === 'last') return -1
  const index = (ORDINALS as readonly string[]).indexOf(word)
  return index < 0 ? Number.parseInt(word, 10) : index
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'] as const
export type Day = (typeof DAYS)[number]

/** Source of a pattern for a weekday, in full or short. */
export const WEEKDAY =
  '(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)s?'

export const dayOf = (text: string): Day => text.slice(0, 2).toUpperCase() as Day

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const
export const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)'

export const monthOf = (text: string): number =>
  (MONTHS as readonly string[]).indexOf(text.slice(0, 3).toLowerCase()) + 1
