# Row 48 over IPv6: equal priority, addresses compare as numbers of 128 bits. fe80::8000:0:0:0 is higher than our
# fe80::7fff:0:0:0: yield.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip6=fe80::7fff:0:0:0
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=100 from=fe80::8000:0:0:0
> release V1
> disarm V1 Advert
> arm V1 MasterDown @7.609375
> tell (V1) MASTER -> BACKUP: advert from fe80::8000:0:0:0 with equal priority and higher address
