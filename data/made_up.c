#include "data/made_up.h"

#include <stdio.h>

#include "core/rng.h"

enum { STREAM_GENRES = 0x6765, STREAM_YEARS = 0x7965, FIRST_YEAR = 1931, YEARS = 85 };

static const char *const GENRES[MADE_UP_GENRES] = {
    "Action",  "Adventure", "Animation", "Comedy",  "Crime",   "Documentary", "Drama",    "Family",
    "Fantasy", "History",   "Musical",   "Mystery", "Romance", "Sci-Fi",      "Thriller", "Western",
};

static const char *const ADJECTIVES[] = {
    "Quiet",    "Silver",    "Distant", "Last",     "Hidden",   "Golden",     "Restless", "Gentle",
    "Broken",   "Crimson",   "Winter",  "Secret",   "Blue",     "Lonely",     "Bright",   "Hollow",
    "Wild",     "Velvet",    "Second",  "Northern", "Paper",    "Crooked",    "Patient",  "Sleeping",
    "Emerald",  "Forgotten", "Early",   "Stubborn", "Painted",  "Weightless", "Honest",   "Copper",
    "Midnight", "Tender",    "Foreign", "Borrowed", "Unlikely", "Burning",    "Seventh",  "Salted"};

static const char *const NOUNS[] = {
    "Lantern",  "Harbour",    "Orchard",   "Letter",     "River",     "Garden",    "Clockmaker", "Sparrow",
    "Bridge",   "Lighthouse", "Violin",    "Compass",    "Kitchen",   "Voyage",    "Mountain",   "Teacher",
    "Carnival", "Shadow",     "Railway",   "Moon",       "Promise",   "Tailor",    "Island",     "Season",
    "Mirror",   "Painter",    "Snow",      "Market",     "Horizon",   "Waltz",     "Ferryman",   "Library",
    "Comet",    "Baker",      "Meadow",    "Astronomer", "Piano",     "Detective", "Staircase",  "Bicycle",
    "Storm",    "Photograph", "Neighbour", "Fox",        "Cathedral", "Windmill",  "Suitcase",   "Beekeeper",
    "Canyon",   "Postman",    "Treasure",  "Theatre",    "Locksmith", "Swan",      "Engineer",   "Fountain",
    "Telegram", "Pilot",      "Circus",    "Umbrella"};

static const char *const PLACES[] = {"Lisbon", "Bergen",  "Trieste",    "Kyoto",    "Havana",    "Galway",
                                     "Odessa", "Tangier", "Quito",      "Riga",     "Naples",    "Bombay",
                                     "Prague", "Utrecht", "Valparaiso", "Salem",    "Dakar",     "Lima",
                                     "Cracow", "Antwerp", "Izmir",      "Malaga",   "Nairobi",   "Turin",
                                     "Hanoi",  "Aleppo",  "Bordeaux",   "Montreal", "Samarkand", "Bristol"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* How many titles a pattern makes, for the mixed-radix number that picks one. */
enum pattern {
    THE_ADJECTIVE_NOUN,
    NOUN_OF_PLACE,
    NOUN_AND_NOUN,
    GOODBYE_ADJECTIVE_NOUN,
    LETTER_HOME,
    PATTERNS
};

static const uint32_t PATTERN_TITLES[PATTERNS] = {
    COUNT(ADJECTIVES) * COUNT(NOUNS), COUNT(NOUNS) * COUNT(PLACES),      COUNT(NOUNS) * COUNT(NOUNS),
    COUNT(ADJECTIVES) * COUNT(NOUNS), COUNT(ADJECTIVES) * COUNT(PLACES),
};

uint32_t made_up_genres(uint64_t seed, uint32_t movie, uint32_t genres[MADE_UP_GENRES_OF_MOVIE]) {
    uint64_t bits = rng_bits(seed, STREAM_GENRES, movie);
    uint32_t wanted = 1 + (uint32_t)(bits % MADE_UP_GENRES_OF_MOVIE), chosen = 0, count = 0;
    for (uint32_t i = 0; i < wanted; i++)
        chosen |= UINT32_C(1) << ((bits >> (8 + 4 * i)) % MADE_UP_GENRES);
    for (uint32_t genre = 0; genre < MADE_UP_GENRES; genre++)
        if ((chosen >> genre & 1) != 0)
            genres[count++] = genre;
    return count;
}

const char *made_up_genre_name(uint32_t genre) {
    return genre < MADE_UP_GENRES ? GENRES[genre] : "Unknown";
}

static void write_name(char name[MADE_UP_BYTES], enum pattern pattern, uint32_t pick) {
    const char *noun = NOUNS[pick % COUNT(NOUNS)];
    uint32_t rest = pick / COUNT(NOUNS);
    switch (pattern) {
    case THE_ADJECTIVE_NOUN:
        snprintf(name, MADE_UP_BYTES, "The %s %s", ADJECTIVES[rest], noun);
        break;
    case NOUN_OF_PLACE:
        snprintf(name, MADE_UP_BYTES, "The %s of %s", noun, PLACES[rest]);
        break;
    case NOUN_AND_NOUN:
        snprintf(name, MADE_UP_BYTES, "%s and %s", noun, NOUNS[rest]);
        break;
    case GOODBYE_ADJECTIVE_NOUN:
        snprintf(name, MADE_UP_BYTES, "Goodbye, %s %s", ADJECTIVES[rest], noun);
        break;
    default:
        snprintf(name, MADE_UP_BYTES, "%s Days in %s", ADJECTIVES[pick % COUNT(ADJECTIVES)],
                 PLACES[pick / COUNT(ADJECTIVES)]);
    }
}

size_t made_up_title(uint64_t seed, uint32_t movie, char title[MADE_UP_BYTES]) {
    char name[MADE_UP_BYTES], part[24] = "";
    uint32_t titles = 0, pattern = 0;
    for (uint32_t i = 0; i < PATTERNS; i++)
        titles += PATTERN_TITLES[i];
    /* A step that is prime to the number of titles walks through all of them before one comes again; later
     * rounds are sequels. */
    uint32_t pick = (uint32_t)(((uint64_t)movie * 7919 + rng_mix(seed) % titles) % titles);
    uint32_t sequel = movie / titles;
    while (pick >= PATTERN_TITLES[pattern])
        pick -= PATTERN_TITLES[pattern++];
    write_name(name, (enum pattern)pattern, pick);
    if (sequel > 0)
        snprintf(part, sizeof part, " %u", sequel + 1);
    unsigned year = FIRST_YEAR + (unsigned)(rng_bits(seed, STREAM_YEARS, movie) % YEARS);
    return (size_t)snprintf(title, MADE_UP_BYTES, "%.80s%s (%u)", name, part, year);
}

size_t made_up_genre_text(uint64_t seed, uint32_t movie, char text[MADE_UP_BYTES]) {
    uint32_t genres[MADE_UP_GENRES_OF_MOVIE];
    uint32_t count = made_up_genres(seed, movie, genres);
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, MADE_UP_BYTES - length, "%s%s", i == 0 ? "" : "|",
                                   GENRES[genres[i]]);
    return length;
}
