import { lookup as resolve } from 'node:dns'
import { type ClientRequest, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Addresses that are nobody's outside: RFC 6890 special-purpose registries, and what clouds serve credentials from. */
const INSIDE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  INSIDE.addSubnet(network, prefix)
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  INSIDE.addSubnet(network, prefix, 'ipv6')

/** Whether an address is a public one. A mapped IPv4 address (`::ffff:10.0.0.1`) is what it maps. */
export function isPublic(address: string): boolean {
  const version = isIP(address)
  return version !== 0 && !INSIDE.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

/** A URL that may not be called, and why. */
export class ForbiddenTarget extends Error {}

/**
 * What services may be sent to for a user: `*` stands for every public host. A host that is named may be inside, and be
 * called without TLS: the operator of the platform vouches for it.
 */
export interface OutsidePolicy {
  allowedHosts: readonly string[]
}

/** @throws ForbiddenTarget naming what is wrong with it */
export function checkTarget(text: string, { allowedHosts }: OutsidePolicy): { url: URL; named: boolean } {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new ForbiddenTarget('is no URL; write https://…')
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const named = allowedHosts.includes(host)
  if (!named && !allowedHosts.includes('*'))
    throw new ForbiddenTarget(`may not be called: ${host} is not among spec.notifications.webhookAllowedHosts`)
  if (url.username || url.password) throw new ForbiddenTarget('must hold no user name or password')
  if (url.protocol !== 'https:' && !(named && url.protocol === 'http:'))
    throw new ForbiddenTarget('must begin with https://')
  if (!named && isIP(host) !== 0 && !isPublic(host))
    throw new ForbiddenTarget(`may not be called: ${host} is no public address`)
  return { url, named }
}

export interface Answer {
  status: number
}

const TIMEOUT_MS = 10_000

/**
 * POSTs to a URL a user gave. The address is looked at when the connection is made, so that a name cannot change its
 * address in between; redirects are not followed, and the answer's body is not read.
 * @throws ForbiddenTarget, or what the network says
 */
export function postOutside(
  target: string,
  { headers, body }: { headers: Record<string, string>; body: Buffer | string },
  policy: OutsidePolicy,
): Promise<Answer> {
  const { url, named } = checkTarget(target, policy)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((answered, failed) => {
    const call: ClientRequest = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(named ? {} : { lookup: publicOnly }),
      },
      response => {
        response.resume()
        response.destroy()
        answered({ status: response.statusCode ?? 0 })
      },
    )
    call.on('error', failed)
    call.end(body)
  })
}

/** A host one of whose addresses is inside is refused: which one is taken is not ours to say. */
export const publicOnly: LookupFunction = (hostname, options, done) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 4)
    const inside = addresses.find(({ address }) => !isPublic(address))
    if (inside || !addresses.length) {
      return done(new ForbiddenTarget(`may not be called: ${hostname} is ${inside?.address ?? 'nowhere'}`), '', 4)
    }
    const [first] = addresses
    return options.all ? done(null, addresses) : done(null, first!.address, first!.family)
  })
}
