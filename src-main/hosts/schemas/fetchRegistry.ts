import { RegistryUnreachable, type RegistryAnswer, type RegistryHttp } from '../../admin/schemas/registryHttp.ts'

/** The registry over this machine's network. Redirects are not followed: they could carry a password to a stranger. */
export const fetchRegistry: RegistryHttp = {
  get: async (url, { authorization, timeoutMs, maxBytes }) => {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, {
        signal,
        redirect: 'manual',
        headers: {
          accept: 'application/vnd.schemaregistry.v1+json, application/json',
          ...(authorization !== null && { authorization }),
        },
      })
      return { status: response.status, body: await bodyOf(response, maxBytes) } satisfies RegistryAnswer
    } catch (problem) {
      if (problem instanceof RegistryUnreachable) throw problem
      const { host } = new URL(url)
      if (signal.aborted) throw new RegistryUnreachable(`${host} did not answer within ${timeoutMs / 1_000} s`, problem)
      throw new RegistryUnreachable(`${host} cannot be reached: ${reasonOf(problem)}`, problem)
    }
  },
}

async function bodyOf(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw new RegistryUnreachable(`${new URL(response.url).host} answers with more than ${maxBytes / 1024 / 1024} MB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Of a failed fetch, what the system said is in its cause. */
function reasonOf(problem: unknown): string {
  const { cause } = problem as { readonly cause?: unknown }
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message
  if (cause instanceof Error) return cause.message
  return problem instanceof Error ? problem.message : String(problem)
}
