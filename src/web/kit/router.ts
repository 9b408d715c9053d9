import { signal } from '@preact/signals'

/** The page as the address names it after `#/`: `today`, `tag/home`. The rest of the address never changes: any file server will do. */
const read = (): string[] => location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)

export const route = signal<readonly string[]>(read())
addEventListener('hashchange', () => {
  route.value = read()
})

export const href = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`
export const go = (...parts: string[]): void => {
  location.hash = href(...parts)
}
