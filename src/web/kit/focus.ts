import { useEffect } from 'preact/hooks'
import { go } from './router.ts'

let awaited = ''

/** Puts the focus on an element, going to its page first where that is another one. */
export function focusOn(id: string, page: string): void {
  const element = document.getElementById(id)
  if (element) element.focus()
  else {
    awaited = id
    go(page)
  }
}

/** For the page: takes the focus that was wanted before the page was there. */
export function useAwaitedFocus(id: string): void {
  useEffect(() => {
    if (awaited !== id) return
    awaited = ''
    document.getElementById(id)?.focus()
  }, [id])
}
