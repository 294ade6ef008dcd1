// The router in front of all edge functions: checks the caller's token where that is asked for,
// and hands the request to the function's own worker.  It loads nothing from elsewhere, so it
// starts without the internet.

const FUNCTIONS = '/home/deno/functions'
const MEMORY_MIB = 150
const MILLISECONDS = 60_000

type Key = JsonWebKey & { kid?: string }

const secret = Deno.env.get('JWT_SECRET') ?? ''
const keys: Key[] = JSON.parse(Deno.env.get('SUPABASE_JWKS') || '{"keys":[]}').keys ?? []
const verifies = Deno.env.get('VERIFY_JWT') === 'true'

const ALGORITHMS: Record<string, { load: object; verify: object; kind: string }> = {
  ES256: {
    load: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
    kind: 'EC',
  },
  RS256: {
    load: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    verify: { name: 'RSASSA-PKCS1-v1_5' },
    kind: 'RSA',
  },
}

class Refused extends Error {
  constructor(readonly code: string, message: string) {
    super(message)
  }
}

function bytes(text: string): Uint8Array {
  const padded = text.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(padded), (char) => char.charCodeAt(0))
}

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(bytes(text)))
}

function bearer(request: Request): string {
  const header = request.headers.get('authorization')
  if (!header) throw new Refused('UNAUTHORIZED_NO_AUTH_HEADER', 'Missing authorization header')
  const found = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(header)
  if (!found) throw new Refused('UNAUTHORIZED_INVALID_JWT_FORMAT', 'Invalid JWT format')
  return found[1]
}

async function signedWithSecret(signed: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (!secret) return false
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const raw = new TextEncoder().encode(secret)
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify'])
  return crypto.subtle.verify('HMAC', key, signature, signed)
}

async function signedWithPair(
  name: string,
  kid: unknown,
  signed: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { load, verify, kind } = ALGORITHMS[name]
  for (const { kty, crv, x, y, n, e, kid: id } of keys) {
    if (kty !== kind || (kid && id && kid !== id)) continue
    const jwk = { kty, crv, x, y, n, e }
    const key = await crypto.subtle.importKey('jwk', jwk, load as never, false, ['verify'])
    if (await crypto.subtle.verify(verify as never, key, signature, signed)) return true
  }
  return false
}

async function check(token: string): Promise<void> {
  const [head, body, tail] = token.split('.')
  let header: Record<string, unknown>, claims: Record<string, unknown>, signature: Uint8Array
  try {
    header = parsed(head)
    claims = parsed(body)
    signature = bytes(tail)
  } catch {
    throw new Refused('UNAUTHORIZED_INVALID_JWT_FORMAT', 'Invalid JWT format')
  }
  const signed = new TextEncoder().encode(`${head}.${body}`)
  const algorithm = String(header.alg)
  const now = Date.now() / 1000
  const isFresh = (typeof claims.exp !== 'number' || now < claims.exp) &&
    (typeof claims.nbf !== 'number' || now >= claims.nbf)
  if (algorithm === 'HS256') {
    if (isFresh && await signedWithSecret(signed, signature)) return
    throw new Refused('UNAUTHORIZED_LEGACY_JWT', 'Invalid JWT')
  }
  if (!Object.hasOwn(ALGORITHMS, algorithm)) {
    const message = `Unsupported JWT algorithm ${algorithm}`
    throw new Refused('UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM', message)
  }
  if (isFresh && await signedWithPair(algorithm, header.kid, signed, signature)) return
  throw new Refused('UNAUTHORIZED_ASYMMETRIC_JWT', 'Invalid JWT')
}

function answer(status: number, body: object, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers })
}

Deno.serve(async (request: Request) => {
  if (verifies && request.method !== 'OPTIONS') {
    try {
      await check(bearer(request))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { code, message } = error
      return answer(401, { code, message, msg: message }, { 'sb-error-code': code })
    }
  }
  const name = new URL(request.url).pathname.split('/')[1]
  if (!name) return answer(400, { msg: 'missing function name in request' })
  if (!/^[A-Za-z0-9][\w-]*$/.test(name)) return answer(400, { msg: 'invalid function name' })
  try {
    const worker = await EdgeRuntime.userWorkers.create({
      servicePath: `${FUNCTIONS}/${name}`,
      memoryLimitMb: MEMORY_MIB,
      workerTimeoutMs: MILLISECONDS,
      noModuleCache: false,
      importMapPath: null,
      envVars: [...Object.entries(Deno.env.toObject()), ['SUPABASE_FUNCTION_SLUG', name]],
    })
    return await worker.fetch(request)
  } catch (error) {
    return answer(500, { msg: String(error) })
  }
})
