import * as oauth from 'oauth4webapi'

/** Authorization code with PKCE (RFC 7636, OAuth 2.1), by the web app as a public client. */
export interface Issuer {
  issuer: string
  client_id: string
  audience: string
}

const KEPT = 'todo.sign-in'

interface Kept {
  issuer: Issuer
  verifier: string
  state: string
  /** Where the person was. */
  hash: string
}

const insecure = ({ issuer }: Issuer) => ({ [oauth.allowInsecureRequests]: issuer.startsWith('http:') })
const redirectUri = (): string => location.origin + location.pathname

async function discover(issuer: Issuer): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer.issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure(issuer)))
}

/** Leaves for the issuer; the way back leads to `finish`. */
export async function begin(issuer: Issuer): Promise<void> {
  const server = await discover(issuer)
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
  const kept: Kept = { issuer, verifier, state, hash: location.hash }
  sessionStorage.setItem(KEPT, JSON.stringify(kept))
  const url = new URL(server.authorization_endpoint!)
  const parameters = {
    client_id: issuer.client_id,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: 'openid profile email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    // Some issuers give a token that services can read only when they are told for whom it is.
    ...(issuer.audience && { audience: issuer.audience }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  location.assign(url)
}

/** Whether the issuer has just sent the person back. */
export const returned = (): boolean =>
  /[?&](code|error)=/.test(location.search) && sessionStorage.getItem(KEPT) !== null

/** What went wrong, in the issuer's words where it said any. */
export const reasonOf = (error: unknown): string =>
  (error as { error_description?: string }).error_description ?? (error as Error).message

/** The access token the person came back for; the address is as it was before. @throws what the issuer refused, in its words */
export async function finish(): Promise<string> {
  const { issuer, verifier, state, hash } = JSON.parse(sessionStorage.getItem(KEPT)!) as Kept
  sessionStorage.removeItem(KEPT)
  const answer = new URL(location.href)
  history.replaceState(null, '', location.pathname + hash)
  dispatchEvent(new Event('hashchange'))
  const server = await discover(issuer)
  const client: oauth.Client = { client_id: issuer.client_id }
  const parameters = oauth.validateAuthResponse(server, client, answer, state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    verifier,
    insecure(issuer),
  )
  return (await oauth.processAuthorizationCodeResponse(server, client, response)).access_token
}
