# Rows 12 and 25 over IPv6: the checksum covers the pseudo-header, always.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200
@2 < advert prio=200 sum=bad
> note (V1) advert from fe80::2 on eth0 ignored: wrong checksum
@2.5 < advert prio=0 sum=bad
> note (V1) advert from fe80::2 on eth0 ignored: wrong checksum
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5 < wait
@5.1 < advert prio=254 sum=bad
> note (V1) advert from fe80::2 on eth0 ignored: wrong checksum
@5.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=fe80::1 interval=1 rcvd:1 sent:1 become:1 checksum:3
