/** As JSON writes it: with an even number of backslashes before it, it is text about one. */
const NUL = /(?<!\\)(?:\\\\)*\\u0000/

/** Whether any text within holds a NUL character, which PostgreSQL cannot keep. */
export const holdsNul = (value: unknown): boolean => NUL.test(JSON.stringify(value))
