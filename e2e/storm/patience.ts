export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, Math.max(0, ms)))

/** False when it has not come to an end in time; kafkajs may wait for ever for what one of its connections was to do. Rejects when it failed. */
export function endsWithin(ms: number, promise: Promise<unknown> | undefined): Promise<boolean> {
  return Promise.race([Promise.resolve(promise).then(() => true), sleep(ms).then(() => false)])
}

/** Again and again, a while each time: a storm is no reason to give up. */
export async function untilDone(act: () => Promise<void>, { tries = 100, eachMs = 20_000 } = {}): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      if (await endsWithin(eachMs, act())) return
      if (left <= 1) throw new Error(`not within ${eachMs} ms`)
    } catch (error) {
      if (left <= 1) throw error
      await sleep(200)
    }
  }
}
