/** Times as kubectl prints them. */
import type { Json } from '../json.ts'

/** How long ago, as kubectl prints ages (k8s.io/apimachinery/pkg/util/duration.HumanDuration). */
export function age(since: Json | undefined, now: Date): string {
  const time = typeof since === 'string' ? Date.parse(since) : Number.NaN
  if (Number.isNaN(time)) return '<unknown>'
  return duration(now.getTime() - time)
}

export function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 0) return seconds >= -1 ? '0s' : '<invalid>'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`
}
