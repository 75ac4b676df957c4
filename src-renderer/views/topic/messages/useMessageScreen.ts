import { computed, nextTick, ref, shallowRef, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { z } from 'zod'
import { AUTO_FORMATS, TopicFormats } from '../../../../src-main/contract/formats.ts'
import type { MessageDetail } from '../../../../src-main/contract/messages.ts'
import type { Marking } from '../../../components/tableColumn.ts'
import { copyText } from '../../../composables/copyText.ts'
import { useRemembered } from '../../../composables/useRemembered.ts'
import { useClusterStore } from '../../../stores/cluster.ts'
import { useToastsStore } from '../../../stores/toasts.ts'
import { useTopicsStore } from '../../../stores/topics.ts'
import { ColumnLayout, pathsOf, plainLayout } from './columnLayout.ts'
import { useHitOrder } from './useHitOrder.ts'
import { linkOf, queryOfLink, type MessageLink } from './messageLink.ts'
import { kcatCommand, recordAsJson, textOf, type Copied } from './recordCopies.ts'
import type { Place } from './rowMapping.ts'
import { emptyForm, exactly, formToText, problemOf, queryOf, SearchForm } from './searchForm.ts'
import { useMarks } from './useMarks.ts'
import { useMarkWords } from './useMarkWords.ts'
import { useMessageRows } from './useMessageRows.ts'
import { useSearch } from './useSearch.ts'

/** Searches that are offered again. */
const RECENT = 12

export interface TableHandle {
  show(index: number): void
  reveal(index: number): void
  shift(rows: number): void
  scrollToTop(): void
  focus(): void
}

/** What the messages screen does: rows, search, columns and links, and how they act on each other. */
export function useMessageScreen(topic: () => string, table: Readonly<Ref<TableHandle | null>>) {
  const { t } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const toasts = useToastsStore()
  const cluster = useClusterStore()
  const topics = useTopicsStore()

  const layout = useRemembered(() => `trilog.columns.${topic()}`, ColumnLayout, plainLayout)
  const recent = useRemembered(
    () => `trilog.searches.${topic()}`,
    z.array(SearchForm).max(RECENT),
    () => [],
  )
  const formats = useRemembered(
    () => `trilog.formats.${topic()}`,
    TopicFormats,
    () => AUTO_FORMATS,
  )
  const form = shallowRef<SearchForm>(emptyForm())
  const isDrawerOpen = ref(false)
  const reading = computed(() => ({ columns: pathsOf(layout.value), formats: formats.value }))
  const search = useSearch(topic, () => reading.value)
  const hitOrder = useHitOrder(search, layout, formats)
  const rows = useMessageRows({
    topic,
    reading: () => reading.value,
    hits: () => hitOrder.hits.value,
    hitReading: () => search.readAs.value,
    onShift: by => table.value?.shift(by),
    onCut: () => {
      if (!marking.isMarking.value) return
      marking.clear()
      markWords.sayCut()
    },
  })
  const { source, chosen, order, arrangement, place, selected, extents } = rows
  const markWords = useMarkWords()
  const marking = useMarks(
    () => ({ name: topic(), id: topics.topics.find(each => each.name === topic())?.topicId ?? null }),
    {
      count: () => rows.rowCount.value,
      drawnAt: row => {
        const entry = rows.entryAt(row)
        return entry === undefined || entry.kind === 'gap' ? null : entry.place
      },
      placeOf: rows.placeAt,
      rowOf: rows.rowOf,
      offsetsIn: rows.offsetsIn,
    },
    markWords.sayTooMany,
  )

  watch(hitOrder.sorting, () => void nextTick(() => table.value?.scrollToTop()))
  watch([source, chosen, order, arrangement, topic], () => {
    isDrawerOpen.value = false
    void nextTick(() => table.value?.scrollToTop())
  })
  watch(topic, () => (form.value = emptyForm()))

  async function runSearch() {
    if (problemOf(form.value) !== null) return
    const text = formToText(form.value)
    recent.value = [form.value, ...recent.value.filter(each => formToText(each) !== text)].slice(0, RECENT)
    // Where it starts and ends is what is there now, not what the table showed some seconds ago.
    if (chosen.value !== null || form.value.bounds === 'offsets') await extents.again()
    await search.start(queryOf(form.value, { chosen: chosen.value, extents: extents.latest.value, order: order.value }))
  }
  function searchForKey(key: string) {
    form.value = { ...emptyForm(), mode: 'regex', text: exactly(key), isCaseSensitive: true, where: ['key'] }
    void runSearch()
  }

  function open(index: number) {
    selected.value = index
    isDrawerOpen.value = true
  }
  function close() {
    isDrawerOpen.value = false
    table.value?.focus()
  }
  /** Known gaps hold nothing to show. */
  function step(by: 1 | -1) {
    if (selected.value === null) return
    let to = selected.value + by
    if (rows.entryAt(to)?.kind === 'gap') to += by
    if (to < 0 || to >= rows.rowCount.value) return
    selected.value = to
    table.value?.reveal(to)
  }
  /** The first thing Esc can end: a search that runs, then the open record, then the marks, if one does not type. */
  function escape({ isTyping }: { isTyping: boolean }) {
    if (search.run.value?.state === 'running') search.cancel()
    else if (isDrawerOpen.value) close()
    else if (marking.isMarking.value && !isTyping) clearMarks()
    else return false
    return true
  }
  function clearMarks() {
    const cleared = marking.marks.value
    markWords.sayCleared(cleared, marking.clear())
    table.value?.focus()
  }
  /** All that the table has, which may be more than was read, and less than there is. */
  function markAll() {
    if (!marking.markAll()) return
    const run = search.run.value
    if (run !== null) markWords.sayAllHits(run)
    else if (source.value === 'live') markWords.sayAllLive(rows.rowCount.value, rows.tail.dropped.value)
    else markWords.sayAllOffsets(marking.marks.value, extents.newRecords.value)
  }

  /** The whole log, whatever stood in its place. */
  async function toLog() {
    search.close()
    rows.isLive.value = false
    await nextTick() // another choice clears the selection and goes to the top
    await nextTick()
  }
  async function goTo(at: Place, opens: boolean) {
    if (chosen.value !== null && !chosen.value.includes(at.partition)) chosen.value = null
    await toLog()
    const row = rows.rowOf(at)
    if (row === null) {
      const extent = extents.shown.value.find(each => each.partition === at.partition)
      const range = extent ? t('messages.jump.extent', { start: extent.start, end: extent.end }) : ''
      toasts.show('neutral', t('messages.jump.outside', { ...at }), range)
      return
    }
    place.value = at
    table.value?.show(row)
    isDrawerOpen.value = opens
  }
  async function goToTime(timestampMs: number) {
    await toLog()
    const row = await rows.firstRowSince(timestampMs)
    if (row === null) return toasts.show('neutral', t('messages.jump.nothingSince'))
    selected.value = row
    table.value?.show(row)
  }
  async function goToPercent(percent: number) {
    await toLog()
    if (percent === 100) refresh()
    const share = order.value === 'oldest' ? percent / 100 : 1 - percent / 100
    const row = rows.log.rowAfter(share * (rows.log.offsets.value - 1))
    selected.value = row
    table.value?.show(row)
  }
  function refresh() {
    extents.adopt()
    void nextTick(() => order.value === 'newest' && table.value?.scrollToTop())
  }

  const tableMarking = computed<Marking>(() => ({
    isAny: marking.isMarking.value,
    hint: t('marks.hint'),
    isMarked: marking.isMarked,
    toggle: marking.toggle,
    extend: marking.extend,
    all: markAll,
  }))

  async function copied(text: string, what: string) {
    const isCopied = await copyText(text)
    toasts.show(isCopied ? 'neutral' : 'danger', isCopied ? t('messages.copied', { what }) : t('messages.notCopied'))
  }
  function urlOf(link: Partial<MessageLink>) {
    return new URL(router.resolve({ query: queryOfLink(link) }).href, location.href).href
  }
  const copyLink = () =>
    copied(
      urlOf({
        place: isDrawerOpen.value ? place.value : null,
        search: search.run.value === null ? null : form.value,
        chosen: chosen.value,
        order: order.value,
      }),
      t('messages.copyLink'),
    )
  function copy(what: Copied | 'link', detail: MessageDetail) {
    const servers = cluster.brokers.map(each => `127.0.0.1:${each.port}`)
    const text = {
      value: () => textOf(detail.value),
      key: () => textOf(detail.key),
      record: () => recordAsJson(topic(), detail),
      kcat: () => kcatCommand(servers, topic(), detail),
      link: () => urlOf({ place: { partition: detail.partition, offset: detail.offset } }),
    }[what]()
    return copied(text, t(`messages.copies.${what}`))
  }

  async function follow({ place: at, fromMs, search: asked, chosen: some, order: first }: MessageLink) {
    if (at === null && fromMs === null && asked === null && some === null && first === null) return
    if (some !== null) chosen.value = some
    if (first !== null) order.value = first
    await nextTick()
    if (asked !== null) {
      form.value = asked
      void runSearch()
      if (at === null) return
      await nextTick()
      place.value = at
      isDrawerOpen.value = true
    } else if (at !== null) {
      const isKnown = extents.shown.value.some(each => each.partition === at.partition && at.offset >= each.start && at.offset < each.end)
      if (!isKnown) {
        await extents.again()
        extents.adopt()
      }
      await goTo(at, true)
    } else if (fromMs !== null) await goToTime(fromMs)
  }
  /** A link is followed as soon as the extents can hold what it leads to. */
  watch(
    [() => route.query, extents.isLoaded],
    ([query, isLoaded]) => {
      if (isLoaded) void follow(linkOf(query))
    },
    { immediate: true },
  )

  return {
    ...rows,
    search,
    hitOrder,
    marking,
    tableMarking,
    markAll,
    clearMarks,
    form,
    recent,
    layout,
    formats,
    isDrawerOpen,
    runSearch,
    searchForKey,
    open,
    close,
    step,
    escape,
    toLog,
    goTo,
    goToTime,
    goToPercent,
    refresh,
    copyLink,
    copy,
  }
}
