const REMEDY = 'only another replica has what is missing: when the folder is moved away, the next start fetches it from there'

/** How it is known that more was there once. */
export const SYNCED = 'recovery-point-offset-checkpoint says that'

/** Where in a log something is wrong. */
export interface DamagedPlace {
  readonly path: string
  /** The byte of the file. */
  readonly position: number
  /** The offset that should be there. */
  readonly offset: number
}

/** What was synced once is not what it was: the disk lost or changed it. Only another replica can help. */
export class CorruptLog extends Error {
  override readonly name = 'CorruptLog'
  readonly place: DamagedPlace | undefined

  constructor(problem: string, { place, cause }: { readonly place?: DamagedPlace; readonly cause?: unknown } = {}) {
    const where = place === undefined ? '' : `${place.path} is damaged at byte ${place.position}, where offset ${place.offset} should be: `
    super(`${where}${problem}; ${REMEDY}`, cause === undefined ? {} : { cause })
    this.place = place
  }
}
