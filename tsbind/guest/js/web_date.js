// Dates as people write them: toLocale…String and Intl.DateTimeFormat, for one locale, en-US, and
// one time zone, UTC.  Any other time zone is refused, because its answer would be wrong.
() => {
  const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ];
  const two = (number) => `${number}`.padStart(2, "0");
  const named = (name, width) =>
    width === "long" ? name : width === "narrow" ? name[0] : name.slice(0, 3);
  const DATE_STYLES = {
    full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
    long: { year: "numeric", month: "long", day: "numeric" },
    medium: { year: "numeric", month: "short", day: "numeric" },
    short: { year: "2-digit", month: "numeric", day: "numeric" },
  };
  const TIME_STYLES = {
    full: { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
    long: { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
    medium: { hour: "numeric", minute: "2-digit", second: "2-digit" },
    short: { hour: "numeric", minute: "2-digit" },
  };
  const DATE = { year: "numeric", month: "numeric", day: "numeric" };
  const TIME = { hour: "numeric", minute: "2-digit", second: "2-digit" };
  const DATE_KEYS = ["weekday", "year", "month", "day"];
  const TIME_KEYS = ["hour", "minute", "second", "fractionalSecondDigits"];
  const UTC = /^(utc|gmt|etc\/(utc|gmt)|\+00:?00)$/i;

  // What to show: what is asked for, else `defaults`.
  const fieldsOf = (options, defaults, required) => {
    if (options.timeZone !== undefined && !UTC.test(`${options.timeZone}`)) {
      throw new RangeError(`the time zone "${options.timeZone}" is not known here, only UTC is`);
    }
    if (options.dateStyle || options.timeStyle) {
      return { ...options, ...DATE_STYLES[options.dateStyle], ...TIME_STYLES[options.timeStyle] };
    }
    return required.some((key) => options[key] !== undefined)
      ? options
      : { ...options, ...defaults };
  };

  const dateText = (date, { weekday, year, month, day }) => {
    const shownYear =
      year && (year === "2-digit" ? two(date.getUTCFullYear() % 100) : `${date.getUTCFullYear()}`);
    const shownDay = day && (day === "2-digit" ? two(date.getUTCDate()) : `${date.getUTCDate()}`);
    const shownWeekday = weekday && named(DAYS[date.getUTCDay()], weekday);
    if (month === undefined || month === "numeric" || month === "2-digit") {
      const number = date.getUTCMonth() + 1;
      const shownMonth = month && (month === "2-digit" ? two(number) : `${number}`);
      const numbers = [shownMonth, shownDay, shownYear].filter(Boolean).join("/");
      if (!month && shownDay && shownWeekday && !shownYear) return `${shownDay} ${shownWeekday}`;
      return [shownWeekday, numbers].filter(Boolean).join(", ");
    }
    const monthDay = [named(MONTHS[date.getUTCMonth()], month), shownDay].filter(Boolean).join(" ");
    const start = [shownWeekday, monthDay].filter(Boolean).join(", ");
    return shownYear ? `${start}${shownDay ? "," : ""} ${shownYear}` : start;
  };

  const timeText = (
    date,
    { hour, minute, second, fractionalSecondDigits, hour12, hourCycle, timeZoneName },
  ) => {
    const twelve = hour && (hour12 ?? !(hourCycle === "h23" || hourCycle === "h24"));
    const hours = date.getUTCHours();
    const shownHour = twelve ? hours % 12 || 12 : hours;
    const fraction = fractionalSecondDigits
      ? `.${`${date.getUTCMilliseconds()}`.padStart(3, "0").slice(0, fractionalSecondDigits)}`
      : "";
    const parts = [
      hour && (hour === "2-digit" || !twelve ? two(shownHour) : `${shownHour}`),
      minute && (hour || second ? two(date.getUTCMinutes()) : `${date.getUTCMinutes()}`),
      second && (minute ? two(date.getUTCSeconds()) : `${date.getUTCSeconds()}`) + fraction,
    ]
      .filter(Boolean)
      .join(":");
    const half = twelve ? ` ${hours < 12 ? "AM" : "PM"}` : "";
    return parts + half + (timeZoneName ? " UTC" : "");
  };

  const formatDate = (date, options, defaults, required) => {
    if (Number.isNaN(date.getTime())) return "Invalid Date";
    const fields = fieldsOf(options ?? {}, defaults, required);
    const day = DATE_KEYS.some((key) => fields[key]) ? dateText(date, fields) : "";
    const time = TIME_KEYS.some((key) => fields[key]) ? timeText(date, fields) : "";
    const spoken = options?.dateStyle
      ? /^(full|long)$/.test(options.dateStyle)
      : fields.month === "long";
    const onlyWeekday = DATE_KEYS.every((key) => (key === "weekday") === Boolean(fields[key]));
    return [day, time].filter(Boolean).join(spoken ? " at " : onlyWeekday ? " " : ", ");
  };

  // ---- Globals --------------------------------------------------------------------------------

  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  const methods = (object, made) => Object.keys(made).forEach((key) => define(object, key, made[key]));
  const ANY = [...DATE_KEYS, ...TIME_KEYS];
  // Methods, which are no constructors; both parameters may be left out, so their length is 0.
  methods(Date.prototype, {
    toLocaleString(locale = undefined, options = undefined) {
      return formatDate(this, options, { ...DATE, ...TIME }, ANY);
    },
    toLocaleDateString(locale = undefined, options = undefined) {
      return formatDate(this, options, DATE, DATE_KEYS);
    },
    toLocaleTimeString(locale = undefined, options = undefined) {
      return formatDate(this, options, TIME, TIME_KEYS);
    },
  });

  class DateTimeFormat {
    #options;
    constructor(locale, options) {
      this.#options = { ...options };
      fieldsOf(this.#options, DATE, ANY); // refuses a time zone now
      this.format = (date = Date.now()) => formatDate(new Date(date), this.#options, DATE, ANY);
    }
    resolvedOptions() {
      return {
        locale: "en-US",
        calendar: "gregory",
        numberingSystem: "latn",
        ...this.#options,
        timeZone: "UTC",
      };
    }
  }
  if (!globalThis.Intl) define(globalThis, "Intl", {});
  // May be called without `new`.
  define(
    Intl,
    "DateTimeFormat",
    new Proxy(DateTimeFormat, { apply: (type, self, args) => new type(...args) }),
  );
};
