import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { BatchDetail } from '../../../../src-main/contract/segments.ts'
import { bytesText, count } from '../../../composables/format.ts'
import { findingText } from './fieldTexts.ts'
import type { ChosenBatch } from './useBatchWindow.ts'

const hex = (value: number | null | undefined) => `0x${((value ?? 0) >>> 0).toString(16).padStart(8, '0')}`

/** What is said of a batch around its fields and bytes. */
export function useBatchTexts(batch: () => ChosenBatch | null, detail: () => BatchDetail | null) {
  const { t } = useI18n()
  const title = computed(() => {
    const row = detail()?.row
    if (row === undefined) return t('segments.batch.title')
    if (row.kind === 'broken') return t('segments.batch.brokenAt', { position: count(row.position) })
    return t('segments.batch.titleAt', { offset: count(row.baseOffset) })
  })
  const hint = computed(() => {
    const [of, found] = [batch(), detail()]
    if (of === null || found === null) return ''
    const { position, sizeBytes } = found
    return t('segments.batch.hint', { position: count(position), n: count(sizeBytes), broker: of.brokerId }, sizeBytes)
  })
  const crc = computed(() => {
    const found = detail()?.crc
    if (!found) return { isValid: false, text: t('segments.batch.noCrc') }
    const isValid = found.stored === found.computed
    return isValid
      ? { isValid, text: t('segments.batch.crcValid', { crc: hex(found.stored), last: count((detail()?.sizeBytes ?? 1) - 1) }) }
      : { isValid, text: t('segments.batch.crcWrong', { stored: hex(found.stored), computed: hex(found.computed) }) }
  })
  /** The badge says what the checksum comes to. */
  const findings = computed(() => (detail()?.findings ?? []).filter(({ code }) => code !== 'crcWrong').map(each => findingText(each, t)))
  const unfoldedText = computed(() => {
    const found = detail()
    return found?.row.kind === 'batch' && found.row.codec !== 'none' && found.unfoldedBytes !== null
      ? t('segments.batch.unfolded', { size: bytesText(found.unfoldedBytes) })
      : ''
  })
  return { title, hint, crc, findings, unfoldedText }
}
