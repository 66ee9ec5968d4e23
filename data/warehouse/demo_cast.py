"""Who and what the demo company consists of: its resellers, packages, and the words that client names are made of."""

from __future__ import annotations

from dataclasses import dataclass

CLIENTS = 2000
SEED = 2026


@dataclass(frozen=True, slots=True)
class Region:
    """A regional dealer of the operator with its sub-dealers; ``share`` weighs how many clients it has."""

    name: str
    dealers: tuple[str, ...]
    share: float
    currencies: tuple[tuple[str, float], ...]
    legal_forms: tuple[str, ...]
    places: tuple[str, ...]
    companies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the price list: fees in EUR, months on sale from the first day on, and who likes it how much."""

    name: str
    activation: float
    monthly: float
    appeal: tuple[float, float, float, float]
    launched: int = 0
    retired: int = 999


OPERATOR = "Meridian Telecom"

REGIONS: tuple[Region, ...] = (
    Region(
        "Meridian Iberia",
        ("Lisboa Conecta", "Voz Directa Madrid", "Telefónica del Sol", "Barcelona Veu"),
        0.19,
        (("EUR", 0.94), ("USD", 0.06)),
        ("S.L.", "Lda.", "S.A."),
        ("Sol", "Gràcia", "Alfama", "Triana", "Ruzafa", "Boavista"),
    ),
    Region(
        "Meridian DACH",
        ("Rhein-Main Telefonie", "Alpenruf", "Hanse Voice", "Wiener Sprechstelle"),
        0.23,
        (("EUR", 0.97), ("USD", 0.03)),
        ("GmbH", "AG", "KG"),
        ("Altona", "Neukölln", "Sendling", "Favoriten", "Gallus", "Ehrenfeld"),
    ),
    Region(
        "Meridian UK & Ireland",
        ("Thames Voice", "Celtic Connect", "Northern Line Telecom"),
        0.15,
        (("GBP", 0.82), ("EUR", 0.14), ("USD", 0.04)),
        ("Ltd", "LLP", "& Sons"),
        ("Brixton", "Camden", "Rathmines", "Leith", "Moss Side", "Peckham"),
    ),
    Region(
        "Meridian Polska",
        ("Wisła Telekom", "Bałtyk Głos", "Małopolska Dialog"),
        0.17,
        (("PLN", 0.86), ("EUR", 0.14)),
        ("Sp. z o.o.", "S.A.", "s.c."),
        ("Mokotów", "Kazimierz", "Oliwa", "Nadodrze", "Wilda", "Praga"),
    ),
    Region(
        "Meridian Czechia",
        ("Vltava Net", "Moravský Hlas"),
        0.08,
        (("CZK", 0.85), ("EUR", 0.15)),
        ("s.r.o.", "a.s."),
        ("Žižkov", "Smíchov", "Zábrdovice", "Poruba"),
    ),
    Region(
        "Meridian Americas",
        ("Atlantic Carrier Partners", "Gulf Coast VoIP", "Pacífico Voz"),
        0.11,
        (("USD", 0.97), ("EUR", 0.03)),
        ("Inc.", "LLC", "Corp."),
        ("Hialeah", "Jackson Heights", "Mission", "Pilsen", "East Boston"),
    ),
    Region(
        "Меридіан Україна",
        ("Київ Контакт", "Дніпро Зв’язок"),
        0.07,
        (("EUR", 0.55), ("USD", 0.45)),
        ("ТОВ", "ПП"),
        ("Поділ", "Оболонь", "Сихів", "Аркадія"),
        (
            "Каштан", "Світанок", "Карпати Тур", "Дніпроліс", "Чайка", "Вектор Логістик", "Зоря", "Калина", "Хортиця",
            "Либідь", "Барвінок", "Мрія Трейд", "Полісся", "Тризуб Сервіс", "Водограй", "Обрій", "Ластівка", "Гармонія",
        ),
    ),
)  # fmt: skip

# Appeal to: clients, resellers, calling cards, call shops.
PACKAGES: tuple[Package, ...] = (
    Package("Europe 500", 5.00, 9.90, (9, 0, 1, 2)),
    Package("Europe Unlimited", 10.00, 24.90, (8, 0, 0, 2), launched=14),
    Package("World 200", 5.00, 14.90, (6, 0, 1, 4)),
    Package("USA & Canada 1000", 5.00, 12.90, (4, 0, 1, 3)),
    Package("Office Trunk 10", 25.00, 49.00, (5, 1, 0, 1)),
    Package("Office Trunk 30", 49.00, 129.00, (2, 2, 0, 0)),
    Package("Weekend Talk", 0.00, 3.90, (2, 0, 8, 1)),
    Package("Night Line", 2.00, 4.90, (6, 0, 3, 3), retired=20),
    Package("Call Shop Complete", 15.00, 39.00, (0, 0, 0, 9), launched=5),
    Package("Wholesale Connect", 99.00, 299.00, (0, 9, 0, 0)),
    Package("SIP Starter", 0.00, 6.90, (7, 0, 0, 1), launched=22),
)

# What one euro buys: price lists are rounded in each currency, they do not follow the day's rate.
PRICE_FACTORS: dict[str, float] = {"EUR": 1.0, "USD": 1.1, "GBP": 0.86, "PLN": 4.3, "CZK": 25.0}

FIRST_WORDS: tuple[str, ...] = (
    "Aurora", "Blue Harbour", "Cedar", "Delta", "Ember", "Falcon", "Golden Gate", "Helios", "Iris", "Juniper",
    "Kestrel", "Linden", "Magnolia", "Northwind", "Orchard", "Pioneer", "Quartz", "Riverside", "Silverline",
    "Tramontana", "Umbra", "Vega", "Westgate", "Yellow Brick", "Zenit", "Amber", "Boreal", "Copper", "Driftwood",
    "Evergreen", "Fjord", "Granite", "Horizon", "Indigo", "Jasmine", "Keystone", "Lighthouse", "Maple", "Nimbus",
    "Olive", "Prisma", "Redwood", "Saffron",
)  # fmt: skip
SECOND_WORDS: tuple[str, ...] = (
    "Logistics", "Travel", "Dental", "Consulting", "Foods", "Hotels", "Insurance", "Motors", "Pharma", "Printing",
    "Realty", "Software", "Textiles", "Trading", "Transport", "Media", "Legal", "Optics", "Design", "Engineering",
    "Clinics", "Couriers", "Events", "Furniture", "Security", "Studios", "Tools", "Wines", "Yachts", "Academy",
)  # fmt: skip
CARRIER_WORDS: tuple[str, ...] = (
    "Carrier Services", "Voice Wholesale", "Telecom", "Global Transit", "Networks", "Interconnect", "VoIP",
    "Minutes",
)  # fmt: skip
