/** Why no image could be built; the message begins with its code (docs/errors.md). */
export class ImageError extends Error {
  readonly code: 'TEP5201' | 'TEP5202' | 'TEP5203'

  constructor(code: ImageError['code'], message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}
