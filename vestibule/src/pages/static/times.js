// Shows each time as how long ago it is, in the language of the page, with the exact time in the
// visitor's zone behind it. Without script, times are exact and in UTC.
const { lang } = document.documentElement;
const ago = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "long" });
const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
for (const time of document.querySelectorAll("time")) {
  const at = new Date(time.dateTime);
  const seconds = (at - Date.now()) / 1000;
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  time.title = exact.format(at);
  time.textContent = ago.format(Math.round(seconds / length), unit);
}
