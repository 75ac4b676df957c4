/** Why a registry could not be asked at all. */
export class RegistryUnreachable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RegistryUnreachable'
  }
}

export interface RegistryAnswer {
  readonly status: number
  readonly body: string
}

/** The way to a schema registry, which the host fills. */
export interface RegistryHttp {
  /**
   * Whatever the status is; not redirected. Rejects with `RegistryUnreachable` when there is no answer within `timeoutMs`, or one of more than `maxBytes`.
   */
  get(
    url: string,
    options: { readonly authorization: string | null; readonly timeoutMs: number; readonly maxBytes: number },
  ): Promise<RegistryAnswer>
}
