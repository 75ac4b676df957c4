import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { OffsetSet } from './offsetSet.ts'

/** Marked offsets; of those in `unseen` nobody knows yet whether they hold a record. */
export interface Marks {
  readonly all: OffsetSet
  readonly unseen: OffsetSet
}
export const NO_MARKS: Marks = { all: OffsetSet.none, unseen: OffsetSet.none }

/** Marks on the records of one topic: still there when one comes back from another screen, gone when one looks at the records of another topic. */
export const useMarksStore = defineStore('marks', () => {
  const marks = shallowRef(NO_MARKS)
  const topic = ref<string | null>(null)
  const topicId = ref<string | null>(null)

  /** The id tells a topic from one of the same name that was there before; null while nobody has said it. */
  function lookAt(name: string, id: string | null) {
    const isAnother = name !== topic.value || (id !== null && topicId.value !== null && id !== topicId.value)
    if (isAnother) marks.value = NO_MARKS
    topic.value = name
    topicId.value = isAnother ? id : (id ?? topicId.value)
  }
  return { marks, topic, topicId, lookAt }
})
