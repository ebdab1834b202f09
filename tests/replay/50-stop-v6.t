# Rows 16, 42, 45, 50 over IPv6: adverts every interval from a Master, one of priority 0 at the end.
# Excluded addresses of the other family are held, not listed.
instance V1 eth0 vrid=51 int=0.5 prio=100 addr=fe80::100 excluded=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
@0 < start
> arm V1 MasterDown @1.804688
> tell (V1) INIT -> BACKUP: starting
@1.804688 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @2.304688
> tell (V1) BACKUP -> MASTER: no advert for 1.804688 s
@2.304688 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @2.804688
@2.804688 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @3.304688
@3 < wait
@3.1 < advert prio=90 addr=fe80::100
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @3.6
> note (V1): fe80::2 is MASTER too, with lower priority 90
@3.2 < show V1
> V1 MASTER wants=MASTER prio=100 source=fe80::1 interval=0.5 rcvd:1 sent:4 become:1
@3.3 < stop
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> INIT: stopping
